#include "knockgen/strength.h"

#include "base/promise.h"
#include "knockgen/passphrase_weight.h"

#include <array>
#include <cmath>
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <pwquality.h>

namespace otk {
namespace {

// Of libpwquality's 100. Six random words reach 100, ten random characters of the keyboard 68, eleven random
// small letters and digits 53, two short words 40 to 65: whoever stole the server's database guesses without
// limit.
constexpr int smallest_score = 60;

// The score counts characters and their classes, and the dictionary behind it (cracklib) is asked about the
// passphrase as a whole: "password1234" is no word, and has points enough. So the pieces are weighed, too
// (passphrase_weight.h). 40 bits are 10^12 guesses: at half a second each (sha256 chains) out of reach, at a
// microsecond each (RFC 2289) two weeks.
constexpr double smallest_weight = 40; // bits

struct FreeSettings {
    void operator()(pwquality_settings_t* settings) const { pwquality_free_settings(settings); }
};
using Settings = std::unique_ptr<pwquality_settings_t, FreeSettings>;

// The system's pwquality.conf is left out: it rules over passwords of accounts, where "at least three classes
// of characters" would refuse six random words.
Settings default_settings() {
    Settings settings(pwquality_default_settings());
    if (!settings) throw Error("cannot check the passphrase: libpwquality is out of memory");
    return settings;
}

struct Verdict {
    int score = 0; // or a negative PWQ_ERROR_*
    std::string reason;
};

Verdict judge(const Settings& settings, std::string_view text) {
    // The library wants a C string. A passphrase with a zero byte in it is judged by what precedes that byte.
    // All its room at once: a vector that grows leaves the old bytes behind as they are.
    std::vector<std::uint8_t> bytes;
    bytes.reserve(text.size() + 1);
    bytes.assign(text.begin(), text.end());
    bytes.push_back(0);
    const SecretText terminated(std::move(bytes));
    void* detail = nullptr;
    const int score = pwquality_check(settings.get(), terminated.text().data(), nullptr, nullptr, &detail);
    if (score >= 0) return {score, {}};
    std::array<char, PWQ_MAX_ERROR_MESSAGE_LEN> message{};
    const char* const reason = pwquality_strerror(message.data(), message.size(), score, detail);
    return {score, reason != nullptr ? reason : "libpwquality gives no reason"};
}

// libpwquality and cracklib judge nothing shorter.
constexpr int shortest_judged = 6;

// A passphrase in which no dictionary finds anything is refused only where there is none.
void demand_dictionary(const Settings& settings) {
    if (judge(settings, "w7#Gq-zV2k!Xd9~Lr").score != PWQ_ERROR_CRACKLIB_CHECK) return;
    throw Error(
        "cannot tell whether the passphrase is easy to guess: libpwquality finds no dictionary. Install "
        "it (Debian's package cracklib-runtime), or, where you know the passphrase to be good, repeat "
        "the command with --weak");
}

} // namespace

std::optional<std::string> weakness_of(const SecretText& passphrase) {
    const Settings settings = default_settings();
    demand_dictionary(settings);
    const Verdict verdict = judge(settings, passphrase.text());
    if (verdict.score < 0) return verdict.reason;
    if (verdict.score < smallest_score) {
        return fmt::format("libpwquality gives it {} of 100 points, and {} are asked for", verdict.score,
                           smallest_score);
    }
    const Settings of_pieces = default_settings();
    const int set = pwquality_set_int_value(of_pieces.get(), PWQ_SETTING_MIN_LENGTH, shortest_judged);
    promise(set == 0, "libpwquality takes the smallest length that it knows");
    const double weight = weight_of(passphrase.text(), [&of_pieces](std::string_view piece) {
        return judge(of_pieces, piece).score == PWQ_ERROR_CRACKLIB_CHECK;
    });
    if (weight < smallest_weight) {
        return fmt::format("put together of known words, digits and signs, it may be found by some "
                           "2^{:.0f} guesses, and 2^{:.0f} are asked for",
                           std::floor(weight), smallest_weight);
    }
    return std::nullopt;
}

} // namespace otk
