// What must hold for every value, text and token, tried on random ones. rapidcheck prints the seed of a
// failure.
#include "base/promise.h"
#include "base/text.h"
#include "otp/chain.h"
#include "otp/challenge.h"
#include "otp/rules.h"
#include "otp/text_form.h"
#include "otp/token.h"
#include "otp/words.h"

#include <cstdlib>
#include <memory>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <rapidcheck.h>

using namespace otk;

namespace {

constexpr std::uint8_t everything =
    bit(Algorithm::md4) | bit(Algorithm::md5) | bit(Algorithm::sha1) | bit(Algorithm::sha256);

Value random_value(std::size_t size) {
    const auto bytes =
        *rc::gen::container<std::vector<std::uint8_t>>(size, rc::gen::arbitrary<std::uint8_t>());
    return Value(bytes);
}

Algorithm random_algorithm() { return *rc::gen::elementOf(all_algorithms); }

bool has(const Readings& readings, const Value& value, TextForm form) {
    return std::any_of(readings.begin(), readings.end(), [&](const Reading& reading) {
        return reading.value == value && reading.form == form;
    });
}

std::string in_random_case(std::string text) {
    for (char& c : text) {
        if (*rc::gen::arbitrary<bool>()) c = to_lower(c);
    }
    return text;
}

// The step by EVP, written from RFC 2289 Appendix A and DESIGN 3 once more, for another digest interface.
Value step_by_evp(Algorithm algorithm, const Value& value) {
    const std::string name = algorithm == Algorithm::sha1 ? "SHA1" : std::string(name_of(algorithm));
    const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> digest(EVP_MD_fetch(nullptr, name.c_str(), nullptr),
                                                                 EVP_MD_free);
    promise(digest != nullptr, "EVP must have the digest");
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> raw{};
    const Bytes message = value.view();
    RC_ASSERT(EVP_Digest(message.data(), message.size(), raw.data(), nullptr, digest.get(), nullptr) == 1);
    if (algorithm == Algorithm::sha256) return Value(Bytes(raw).first(16));
    std::array<std::uint8_t, 8> folded{};
    for (std::size_t i = 0; i < 8; ++i) {
        if (algorithm == Algorithm::sha1) {
            const std::size_t at = i / 4 * 4 + 3 - i % 4; // each word the other way round
            folded[i] = static_cast<std::uint8_t>(raw[at] ^ raw[at + 8] ^ (i < 4 ? raw[at + 16] : 0));
        } else {
            folded[i] = raw[i] ^ raw[i + 8];
        }
    }
    return Value(folded);
}

void check_steps(Algorithm algorithm) {
    const Value value = random_value(value_size(algorithm));
    const Value next = step(algorithm, value);
    RC_ASSERT(next == step_by_evp(algorithm, value));
    RC_ASSERT(next.well_formed());
    const auto steps = *rc::gen::inRange<Count>(0, 20);
    Value walked = value;
    for (Count i = 0; i < steps; ++i)
        walked = step(algorithm, walked);
    RC_ASSERT(walk(algorithm, value, steps) == walked);
}

void check_round_trip() {
    const Value value = random_value(*rc::gen::elementOf(std::vector<std::size_t>{8, 16}));
    for (const TextForm form : {TextForm::words, TextForm::hex, TextForm::base32}) {
        RC_ASSERT(has(read_value(in_random_case(format_value(value, form)), TextSource::line, everything),
                      value, form));
        for (const TextSource source : {TextSource::line, TextSource::dns_label}) {
            RC_ASSERT(has(read_value(in_random_case(format_compact(value, form)), source, everything), value,
                          form));
        }
    }
}

void check_checksum() {
    const auto bits = *rc::gen::arbitrary<std::uint64_t>();
    const std::string text = encode_words(bits, '-');
    const auto pieces = split(text, '-');
    std::array<std::string_view, words_per_64_bits> words{};
    RC_ASSERT(pieces.size() == words.size());
    std::copy(pieces.begin(), pieces.end(), words.begin());
    const DecodedWords decoded = decode_words(words);
    RC_ASSERT(!decoded.error);
    RC_ASSERT(decoded.bits == bits);
}

// Texts that come close: pieces of what values are made of.
rc::Gen<std::string> almost_a_value() {
    const auto piece =
        rc::gen::oneOf(rc::gen::map(rc::gen::inRange<std::uint16_t>(0, 2048),
                                    [](std::uint16_t index) { return std::string(dictionary_word(index)); }),
                       rc::gen::elementOf(std::vector<std::string>{" ", "_", "-", ".", "\t", "0", "1", "8",
                                                                   "9", "f", "dead", "BEEF", "\xc3\xbc", "x'",
                                                                   std::string(1, '\0'), "\n", "zzzzz"}),
                       rc::gen::just(std::string(" ")));
    return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece), [](const auto& pieces) {
        std::string text;
        for (const std::string& part : pieces)
            text += part;
        return text;
    });
}

void check_garbage(const std::string& text) {
    for (const TextSource source : {TextSource::line, TextSource::dns_label}) {
        const auto wanted = *rc::gen::arbitrary<std::uint8_t>();
        for (const Reading& reading : read_value(text, source, wanted)) {
            RC_ASSERT(reading.value.well_formed());
            RC_ASSERT(reading.algorithms != 0);
            RC_ASSERT((reading.algorithms & ~wanted) == 0);
            for (const Algorithm algorithm : all_algorithms) {
                if ((reading.algorithms & bit(algorithm)) != 0) {
                    RC_ASSERT(reading.value.size() == value_size(algorithm));
                }
            }
            // What was read is written in one way, and reads as the same value again.
            RC_ASSERT(has(read_value(format_compact(reading.value, reading.form), source, everything),
                          reading.value, reading.form));
        }
    }
}

Enrolment random_enrolment() {
    Enrolment enrolment;
    enrolment.algorithm = random_algorithm();
    enrolment.length = *rc::gen::inRange<Count>(shortest_chain, longest_chain + 1);
    enrolment.seed = random_seed([](MutableBytes bytes) {
        for (auto& byte : bytes)
            byte = *rc::gen::arbitrary<std::uint8_t>();
    });
    enrolment.image = random_value(value_size(enrolment.algorithm));
    if (enrolment.algorithm == Algorithm::sha256 && *rc::gen::arbitrary<bool>()) {
        const auto key =
            *rc::gen::container<std::vector<std::uint8_t>>(32, rc::gen::arbitrary<std::uint8_t>());
        std::copy(key.begin(), key.end(), enrolment.public_key.emplace().begin());
    }
    return enrolment;
}

void check_token() {
    const Enrolment enrolment = random_enrolment();
    const std::string token = format_token(enrolment);
    const auto again = parse_token(token);
    RC_ASSERT(static_cast<bool>(again));
    RC_ASSERT(format_token(*again) == token);
    RC_ASSERT(again->image == enrolment.image);
    RC_ASSERT(again->public_key == enrolment.public_key);
    RC_ASSERT(chain_id(*again) == chain_id(enrolment));
    RC_ASSERT(check_words(*again) == check_words(enrolment));
}

void check_challenge() {
    const Enrolment enrolment = random_enrolment();
    const Challenge challenge{enrolment.algorithm, enrolment.length, enrolment.seed};
    const auto again = parse_challenge(format_challenge(challenge));
    RC_ASSERT(static_cast<bool>(again));
    RC_ASSERT(format_challenge(*again) == format_challenge(challenge));
}

// RC_ASSERT evaluates both sides of an `||`, so this is a function.
template <typename Value>
bool refused_with_a_reason(const Result<Value, std::string>& result) {
    return !result && !result.reason().empty();
}

void check_text_garbage(const std::string& text) {
    for (const auto& parsed :
         {parse_token(text), parse_token("otk1:" + text), parse_token("otk1:md5:2:a:" + text)}) {
        if (!parsed) RC_ASSERT(refused_with_a_reason(parsed));
    }
    for (const auto& parsed : {parse_challenge(text), parse_challenge("otp-md5 " + text)}) {
        if (!parsed) RC_ASSERT(refused_with_a_reason(parsed));
    }
}

} // namespace

int main() {
    // EVP has MD4 only with the legacy provider; the default one must then be loaded by name too.
    using Provider = std::unique_ptr<OSSL_PROVIDER, decltype(&OSSL_PROVIDER_unload)>;
    const Provider usual(OSSL_PROVIDER_load(nullptr, "default"), OSSL_PROVIDER_unload);
    const Provider legacy(OSSL_PROVIDER_load(nullptr, "legacy"), OSSL_PROVIDER_unload);
    promise(usual != nullptr, "OpenSSL's default provider must load");
    bool kept = true;
    for (const Algorithm algorithm : all_algorithms) {
        if (algorithm == Algorithm::md4 && legacy == nullptr) {
            std::puts("NOT CHECKED: md4 against EVP, OpenSSL's legacy provider is not installed");
            continue;
        }
        kept &= rc::check("a step of " + std::string(name_of(algorithm)) + " is EVP's",
                          [=] { check_steps(algorithm); });
    }
    kept &= rc::check("every form of a value reads back", check_round_trip);
    kept &= rc::check("six words hold 64 bits", check_checksum);
    kept &=
        rc::check("random bytes never give nonsense", [](const std::string& text) { check_garbage(text); });
    kept &= rc::check("texts that come close never give nonsense", [] { check_garbage(*almost_a_value()); });
    kept &= rc::check("tokens read back", check_token);
    kept &= rc::check("challenges read back", check_challenge);
    kept &= rc::check("garbage is refused with a reason",
                      [](const std::string& text) { check_text_garbage(text); });
    return kept ? 0 : 1;
}
