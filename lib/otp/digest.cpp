#include "otp/digest.h"

// OpenSSL 3 marks its low-level digests as deprecated in favour of EVP, without a date for their end. This
// file is the only one that calls them, for the reasons in digest.h; prepare() compares them with known
// answers at start and a property test compares them with EVP, so a library in which they are gone or wrong
// cannot pass unseen.
#pragma GCC diagnostic ignored                                                                               \
    "-Wdeprecated-declarations" // not OpenSSL's macro: it comes too late in a unity build
#include <openssl/md4.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

#include <algorithm>
#include <bit>
#include <string.h> // explicit_bzero

namespace otk {

namespace {

constexpr std::size_t block_size = 64; // of all four digests

// Written out byte by byte, because compilers make one instruction of that and of a loop they do not.
void store_big_endian(std::uint32_t word, std::uint8_t* to) {
    to[0] = static_cast<std::uint8_t>(word >> 24);
    to[1] = static_cast<std::uint8_t>(word >> 16);
    to[2] = static_cast<std::uint8_t>(word >> 8);
    to[3] = static_cast<std::uint8_t>(word);
}

void store_little_endian(std::uint32_t word, std::uint8_t* to) {
    to[0] = static_cast<std::uint8_t>(word);
    to[1] = static_cast<std::uint8_t>(word >> 8);
    to[2] = static_cast<std::uint8_t>(word >> 16);
    to[3] = static_cast<std::uint8_t>(word >> 24);
}

// Each digest as the rest of this file sees it: its functions, the words of its state where they are folded,
// and which end of a number it writes first.
struct Md4 {
    using Context = MD4_CTX;
    static constexpr std::size_t size = MD4_DIGEST_LENGTH;
    static constexpr auto init = MD4_Init;
    static constexpr auto update = MD4_Update;
    static constexpr auto finish = MD4_Final;
    static constexpr auto transform = MD4_Transform;
    static constexpr auto store = store_little_endian;
    static std::array<std::uint32_t, 4> state(const Context& c) { return {c.A, c.B, c.C, c.D}; }
};

struct Md5 {
    using Context = MD5_CTX;
    static constexpr std::size_t size = MD5_DIGEST_LENGTH;
    static constexpr auto init = MD5_Init;
    static constexpr auto update = MD5_Update;
    static constexpr auto finish = MD5_Final;
    static constexpr auto transform = MD5_Transform;
    static constexpr auto store = store_little_endian;
    static std::array<std::uint32_t, 4> state(const Context& c) { return {c.A, c.B, c.C, c.D}; }
};

struct Sha1 {
    using Context = SHA_CTX;
    static constexpr std::size_t size = SHA_DIGEST_LENGTH;
    static constexpr auto init = SHA1_Init;
    static constexpr auto update = SHA1_Update;
    static constexpr auto finish = SHA1_Final;
    static constexpr auto transform = SHA1_Transform;
    static constexpr auto store = store_big_endian;
    static std::array<std::uint32_t, 5> state(const Context& c) { return {c.h0, c.h1, c.h2, c.h3, c.h4}; }
};

struct Sha256 {
    using Context = SHA256_CTX;
    static constexpr std::size_t size = SHA256_DIGEST_LENGTH;
    static constexpr auto init = SHA256_Init;
    static constexpr auto update = SHA256_Update;
    static constexpr auto finish = SHA256_Final;
    static constexpr auto transform = SHA256_Transform;
    static constexpr auto store = store_big_endian;
};

template <typename Function>
auto with_digest(Algorithm algorithm, Function function) {
    switch (algorithm) {
    case Algorithm::md4: return function(Md4{});
    case Algorithm::md5: return function(Md5{});
    case Algorithm::sha1: return function(Sha1{});
    case Algorithm::sha256: return function(Sha256{});
    }
    promise(false, "a digest was asked for that is no algorithm");
    return function(Sha256{});
}

template <typename Hash>
Digest digest_with(std::initializer_list<Bytes> pieces) {
    typename Hash::Context context;
    Digest digest;
    digest.size = Hash::size;
    bool well = Hash::init(&context) == 1;
    for (const Bytes piece : pieces) {
        // Hashing nothing is a step of its own to OpenSSL, but an empty span may hold a null pointer.
        if (!piece.empty()) well = well && Hash::update(&context, piece.data(), piece.size()) == 1;
    }
    well = well && Hash::finish(digest.bytes.data(), &context) == 1;
    explicit_bzero(&context, sizeof context);
    promise(well, "a digest cannot fail");
    return digest;
}

// RFC 2289 Appendix A: MD4 and MD5 fold two halves; SHA-1's five words fold to two, and come out with the low
// byte first although SHA-1 itself works the other way round.
void store_folded(std::uint32_t first, std::uint32_t second, std::uint8_t* to) {
    const std::uint64_t both = static_cast<std::uint64_t>(second) << 32 | first;
    for (unsigned i = 0; i < sizeof both; ++i)
        to[i] = static_cast<std::uint8_t>(both >> (8 * i));
}

using FourWords = std::uint32_t __attribute__((vector_size(16)));

// As big-endian bytes.
FourWords big_endian(FourWords words) {
    if constexpr (std::endian::native == std::endian::big) return words;
    words = words << 16 | words >> 16;
    return (words & 0x00ff00ffU) << 8 | (words >> 8 & 0x00ff00ffU);
}

// The value that the state of the digest stands for, where the next message begins. All of it is written at
// once: what is read next is the whole value, and a processor that has to gather it from pieces that are not
// yet in its cache loses a tenth of the step.
template <typename Hash>
void store_value(const typename Hash::Context& context, std::uint8_t* to) {
    if constexpr (Hash::size == SHA256_DIGEST_LENGTH) {
        FourWords words;
        std::memcpy(&words, context.h, sizeof words);
        words = big_endian(words);
        std::memcpy(to, &words, sizeof words);
    } else if constexpr (Hash::size == SHA_DIGEST_LENGTH) {
        const auto state = Hash::state(context);
        store_folded(state[0] ^ state[2] ^ state[4], state[1] ^ state[3], to);
    } else {
        const auto state = Hash::state(context);
        store_folded(state[0] ^ state[2], state[1] ^ state[3], to);
    }
}

using Block = std::array<std::uint8_t, block_size>;

// The value with the padding of a message that fits one block: a one bit, zeros, the message's length in
// bits. It stays as it is while the value in front of it changes.
template <typename Hash>
void make_block(const Value& value, Block& block) {
    constexpr std::size_t size = Hash::size == SHA256_DIGEST_LENGTH ? 16 : 8; // value_size of the algorithm
    constexpr bool big_endian = Hash::store == store_big_endian;
    block = {};
    std::copy_n(value.view().data(), size, block.begin());
    block[size] = 0x80;
    block[big_endian ? block_size - 1 : block_size - 8] = 8 * size;
}

template <typename Hash>
void step_block(Block& block) {
    typename Hash::Context context;
    Hash::init(&context);
    Hash::transform(&context, block.data());
    store_value<Hash>(context, block.data());
}

template <typename Hash>
Value walk_with(const Value& value, std::uint32_t steps) {
    Block block;
    make_block<Hash>(value, block);
    for (; steps > 0; --steps)
        step_block<Hash>(block);
    return Value(Bytes(block).first(value.size()));
}

std::uint32_t word_at(const Digest& digest, std::size_t index, bool big_endian) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const std::uint32_t byte = digest.bytes[4 * index + (big_endian ? i : 3 - i)];
        word = word << 8 | byte;
    }
    return word;
}

} // namespace

Digest digest_of(Algorithm algorithm, std::initializer_list<Bytes> pieces) {
    return with_digest(algorithm, [&](auto hash) { return digest_with<decltype(hash)>(pieces); });
}

Value fold(Algorithm algorithm, const Digest& digest) {
    if (algorithm == Algorithm::sha256) return Value(digest.view().first(value_size(algorithm)));
    // The tail of a digest is zero, so MD4's and MD5's missing fifth word changes nothing.
    const auto word = [&](std::size_t index) { return word_at(digest, index, algorithm == Algorithm::sha1); };
    std::array<std::uint8_t, 8> bytes{};
    store_folded(word(0) ^ word(2) ^ word(4), word(1) ^ word(3), bytes.data());
    return Value(bytes);
}

Value walk_blocks(Algorithm algorithm, const Value& value, std::uint32_t steps) {
    if (value.size() != value_size(algorithm)) promise(false, "a step needs a value of the algorithm's size");
    return with_digest(algorithm, [&](auto hash) { return walk_with<decltype(hash)>(value, steps); });
}

void Walker::begin(Algorithm algorithm, const Value& value) {
    promise(value.size() == value_size(algorithm), "a walk begins at a value of the algorithm's size");
    algorithm_ = algorithm;
    with_digest(algorithm, [&](auto hash) { make_block<decltype(hash)>(value, block_); });
}

void Walker::step() {
    with_digest(algorithm_, [&](auto hash) { step_block<decltype(hash)>(block_); });
}

} // namespace otk
