#include "knockgen/strength.h"

#include "base/promise.h"
#include "base/text.h"

#include <algorithm>
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
// passphrase as a whole: "password1234" is no word, and has points enough. So the pieces are weighed, too, as
// a guesser puts them together: of words, one of some two thousand; of digits and signs, each by itself, but
// what goes on in equal steps (1234, 7777) only once. 40 bits are 10^12 guesses: at half a second each
// (sha256 chains) out of reach, at a microsecond each (RFC 2289) two weeks.
constexpr double smallest_weight = 40; // bits
constexpr double of_word = 11;
constexpr double of_letter = 4.7;
constexpr double of_digit = 3.3;
constexpr double of_other = 5;

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
    std::vector<std::uint8_t> bytes(text.begin(), text.end());
    bytes.push_back(0);
    const SecretText terminated(std::move(bytes));
    void* detail = nullptr;
    const int score = pwquality_check(settings.get(), terminated.text().data(), nullptr, nullptr, &detail);
    if (score >= 0) return {score, {}};
    std::array<char, PWQ_MAX_ERROR_MESSAGE_LEN> message{};
    const char* const reason = pwquality_strerror(message.data(), message.size(), score, detail);
    return {score, reason != nullptr ? reason : "libpwquality gives no reason"};
}

enum class Class : std::uint8_t { letter, digit, other };

Class class_of(char c) {
    if (is_digit(c)) return Class::digit;
    // Bytes above ASCII belong to letters of some language.
    return is_alphanumeric(c) || (static_cast<unsigned char>(c) & 0x80U) != 0 ? Class::letter : Class::other;
}

// A run of characters of one class at the beginning of `rest`, which is not empty.
std::string_view take_run(std::string_view& rest) {
    const Class its = class_of(rest.front());
    const auto end = std::find_if(rest.begin(), rest.end(), [its](char c) { return class_of(c) != its; });
    const std::string_view run = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    rest.remove_prefix(run.size());
    return run;
}

// Each by itself, and those that go on as the two before them for nothing.
double weight_in_steps(std::string_view run, double of_each) {
    double weight = of_each;
    for (std::size_t i = 1; i < run.size(); ++i) {
        const bool goes_on = i > 1 && run[i] - run[i - 1] == run[i - 1] - run[i - 2];
        if (!goes_on) weight += of_each;
    }
    return weight;
}

// libpwquality and cracklib judge nothing shorter.
constexpr std::size_t shortest_judged = 6;

bool in_dictionary(const Settings& settings, std::string_view run) {
    return run.size() >= shortest_judged && judge(settings, run).score == PWQ_ERROR_CRACKLIB_CHECK;
}

bool may_stand_for_letter(char c) { return is_digit(c) || c == '@' || c == '$' || c == '!'; }

// Letters, and between them single digits and signs that may stand for letters (p4ssw0rd): cracklib knows how
// people write. Nothing where it is no word of the dictionary.
std::string_view take_word(const Settings& settings, std::string_view& rest) {
    const auto letter_at = [&rest](std::size_t at) {
        return at < rest.size() && class_of(rest[at]) == Class::letter;
    };
    std::size_t size = 0;
    while (letter_at(size) || (size > 0 && size < rest.size() && may_stand_for_letter(rest[size]) &&
                               letter_at(size - 1) && letter_at(size + 1)))
        ++size;
    const std::string_view run = rest.substr(0, size);
    if (!in_dictionary(settings, run)) return {};
    rest.remove_prefix(size);
    return run;
}

double weight_of_letters(const Settings& settings, std::string_view run) {
    const double spelled_out = weight_in_steps(run, of_letter);
    // A list of short words has most of what can be pronounced, and more.
    const bool a_word = run.size() < shortest_judged || in_dictionary(settings, run);
    return a_word ? std::min(of_word, spelled_out) : spelled_out;
}

// In bits. What stands there twice counts once; single signs between words, such as blanks, count once, too.
double weight_of(const Settings& settings, std::string_view passphrase) {
    double weight = 0;
    std::vector<std::string_view> seen;
    const auto is_new = [&seen](std::string_view run) {
        if (std::find(seen.begin(), seen.end(), run) != seen.end()) return false;
        seen.push_back(run);
        return true;
    };
    for (std::string_view rest = passphrase; !rest.empty();) {
        if (const std::string_view word = take_word(settings, rest); !word.empty()) {
            if (is_new(word)) weight += of_word;
            continue;
        }
        const std::string_view run = take_run(rest);
        if (!is_new(run)) continue;
        switch (class_of(run.front())) {
        case Class::letter: weight += weight_of_letters(settings, run); break;
        case Class::digit: weight += weight_in_steps(run, of_digit); break;
        case Class::other: weight += weight_in_steps(run, of_other); break;
        }
    }
    return weight;
}

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
    const double weight = weight_of(of_pieces, passphrase.text());
    if (weight < smallest_weight) {
        return fmt::format("put together of known words, digits and signs, it is found by some 2^{:.0f} "
                           "guesses, and 2^{:.0f} are asked for",
                           std::floor(weight), smallest_weight);
    }
    return std::nullopt;
}

} // namespace otk
