#include "otp/chain.h"

#include "base/promise.h"
#include "base/text.h"
#include "otp/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

namespace otk {

namespace {

// DESIGN 3. Changing any of them changes every chain ever made.
constexpr std::string_view scrypt_salt = "otk-v1:";
constexpr std::uint64_t scrypt_n = std::uint64_t{1} << 17;
constexpr std::uint64_t scrypt_r = 8;
constexpr std::uint64_t scrypt_p = 1;
constexpr std::uint64_t scrypt_most_memory = std::uint64_t{256}
                                             << 20; // bytes; it takes 128 r (N + p) of them
constexpr std::string_view chain_label = "otk chain 1";
constexpr std::string_view sign_label = "otk sign 1";

// What one step makes of a value of zero bytes, computed with other programs
// (tests/unit/otp/make_vectors.py).
struct KnownStep {
    Algorithm algorithm;
    std::array<std::uint8_t, largest_value> bytes;
};
constexpr std::array known_steps{
    KnownStep{Algorithm::md4, {0x31, 0x58, 0xea, 0x60, 0x63, 0xde, 0xe2, 0x6f}},
    KnownStep{Algorithm::md5, {0xe8, 0x80, 0x7f, 0x79, 0x9c, 0x78, 0x7a, 0x74}},
    KnownStep{Algorithm::sha1, {0x77, 0x60, 0xa0, 0xa1, 0x46, 0xe9, 0x43, 0xff}},
    KnownStep{
        Algorithm::sha256,
        {0x37, 0x47, 0x08, 0xff, 0xf7, 0x71, 0x9d, 0xd5, 0x97, 0x9e, 0xc8, 0x75, 0xd5, 0x6c, 0xd2, 0x28}},
};

SecretArray<32> scrypt_master(const SecretText& passphrase, std::string_view seed) {
    const std::string salt = std::string(scrypt_salt) + to_lower(seed);
    SecretArray<32> master;
    const int made = EVP_PBE_scrypt(passphrase.text().data(), passphrase.size(), as_bytes(salt).data(),
                                    salt.size(), scrypt_n, scrypt_r, scrypt_p, scrypt_most_memory,
                                    master.fill().data(), master.fill().size());
    if (made != 1)
        throw Error("scrypt failed: it needs 128 MiB of memory for a moment; free some and try again");
    return master;
}

// HKDF-Expand of RFC 5869 section 2.3 for at most 32 bytes: the first block is all there is.
void expand(Bytes master, std::string_view label, MutableBytes out) {
    std::string info(label);
    info += '\x01';
    SecretArray<32> block;
    promise(out.size() <= block.view().size(), "one block of HKDF has 32 bytes");
    unsigned size = 0;
    const auto* const made = HMAC(EVP_sha256(), master.data(), static_cast<int>(master.size()),
                                  as_bytes(info).data(), info.size(), block.fill().data(), &size);
    if (made == nullptr || size != block.view().size()) {
        throw Error("libcrypto cannot compute HMAC-SHA256; check its configuration (openssl.cnf)");
    }
    const Bytes first = block.view().first(out.size());
    std::copy(first.begin(), first.end(), out.begin());
}

} // namespace

bool available(Algorithm algorithm) {
    for (const KnownStep& known : known_steps) {
        if (known.algorithm != algorithm) continue;
        const std::array<std::uint8_t, largest_value> zeros{};
        const std::size_t size = value_size(algorithm);
        return step(algorithm, Value(Bytes(zeros).first(size))) == Value(Bytes(known.bytes).first(size));
    }
    return false;
}

void prepare(Algorithm algorithm) {
    if (available(algorithm)) return;
    throw Error("libcrypto computes " + std::string(name_of(algorithm)) +
                " wrongly; install the distribution's own OpenSSL 3, or leave this algorithm out of the "
                "configuration");
}

Value step(Algorithm algorithm, const Value& value) { return walk_blocks(algorithm, value, 1); }

Value walk(Algorithm algorithm, const Value& value, Count steps) {
    return walk_blocks(algorithm, value, steps);
}

ChainSecret ChainSecret::from_passphrase(Algorithm algorithm, const SecretText& passphrase,
                                         std::string_view seed) {
    if (algorithm == Algorithm::sha256) return from_master(scrypt_master(passphrase, seed));
    const std::string lower = to_lower(seed);
    ChainSecret chain(algorithm);
    const Value start = fold(algorithm, digest_of(algorithm, {as_bytes(lower), passphrase.view()}));
    std::copy(start.view().begin(), start.view().end(), chain.start_.fill().begin());
    return chain;
}

ChainSecret ChainSecret::generate(Algorithm algorithm, const RandomSource& random) {
    if (algorithm == Algorithm::sha256) {
        SecretArray<32> master;
        random(master.fill());
        return from_master(std::move(master));
    }
    ChainSecret chain(algorithm);
    random(chain.start_.fill().first(value_size(algorithm)));
    return chain;
}

ChainSecret ChainSecret::from_master(SecretArray<32> master) {
    ChainSecret chain(Algorithm::sha256);
    chain.master_ = std::move(master);
    expand(chain.master_.view(), chain_label, chain.start_.fill());
    return chain;
}

SecretArray<32> ChainSecret::signing_seed() const {
    SecretArray<32> seed;
    expand(master(), sign_label, seed.fill());
    return seed;
}

Bytes ChainSecret::master() const {
    promise(algorithm_ == Algorithm::sha256, "only a sha256 chain has a master");
    return master_.view();
}

Value ChainSecret::at(Count count) const {
    return walk(algorithm_, Value(start_.view().first(value_size(algorithm_))), count);
}

} // namespace otk
