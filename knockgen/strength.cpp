#include "knockgen/strength.h"

#include "base/promise.h"

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

struct FreeSettings {
    void operator()(pwquality_settings_t* settings) const { pwquality_free_settings(settings); }
};

struct Verdict {
    int score = 0; // or a negative PWQ_ERROR_*
    std::string reason;
};

Verdict judge(pwquality_settings_t* settings, const SecretText& passphrase) {
    // The library wants a C string. A passphrase with a zero byte in it is judged by what precedes that byte.
    std::vector<std::uint8_t> bytes(passphrase.view().begin(), passphrase.view().end());
    bytes.push_back(0);
    const SecretText terminated(std::move(bytes));
    void* detail = nullptr;
    const int score = pwquality_check(settings, terminated.text().data(), nullptr, nullptr, &detail);
    if (score >= 0) return {score, {}};
    std::array<char, PWQ_MAX_ERROR_MESSAGE_LEN> message{};
    const char* const reason = pwquality_strerror(message.data(), message.size(), score, detail);
    return {score, reason != nullptr ? reason : "libpwquality gives no reason"};
}

} // namespace

std::optional<std::string> weakness_of(const SecretText& passphrase) {
    // The system's pwquality.conf is left out: it rules over passwords of accounts, where "at least three
    // classes of characters" would refuse six random words.
    const std::unique_ptr<pwquality_settings_t, FreeSettings> settings(pwquality_default_settings());
    if (!settings) throw Error("cannot check the passphrase: libpwquality is out of memory");
    const Verdict verdict = judge(settings.get(), passphrase);
    if (verdict.score < 0) return verdict.reason;
    if (verdict.score < smallest_score) {
        return fmt::format("libpwquality gives it {} of 100 points, and {} are asked for", verdict.score,
                           smallest_score);
    }
    return std::nullopt;
}

} // namespace otk
