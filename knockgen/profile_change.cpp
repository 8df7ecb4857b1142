#include "knockgen/profile_change.h"

#include "base/standard_streams.h"
#include "base/text.h"
#include "knockgen/chain_state.h"
#include "knockgen/terminal.h"
#include "otp/token.h"
#include "profile/compare.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk {
namespace {

// What has the name of the line; nothing where there is none, or it cannot be read.
std::optional<Profile> replaced_by(const NamedProfile& line, const std::vector<NamedProfile>& profiles) {
    for (const NamedProfile& each : profiles) {
        if (each.name == line.name) return each.profile;
    }
    return std::nullopt;
}

void keep_check_word(const NamedProfile& line, std::string_view remembered) {
    if (remembered == line.profile.check) return;
    throw Error(fmt::format(
        "the line says check={} for the chain with seed {}, and profile {} knows it by {}. A check "
        "word never changes, and a new token has a new seed: was the line forged? Nothing was "
        "changed",
        line.profile.check, line.profile.seed, line.name, remembered));
}

void keep_check_words(const NamedProfile& line, const std::optional<Profile>& before,
                      const std::vector<KnownChain>& chains) {
    const Profile& profile = line.profile;
    if (before && before->seed == profile.seed && before->algorithm == profile.algorithm)
        keep_check_word(line, before->check);
    for (const KnownChain& known : chains) {
        if (known.profile_name == line.name && known.seed == profile.seed)
            keep_check_word(line, known.check_word);
    }
}

// As much of a profile as downgrades() looks at.
Profile as_profile(const KnownChain& known, Profile profile) {
    profile.algorithm = *known.algorithm;
    profile.length = known.length;
    profile.has_key = known.has_key;
    return profile;
}

// One line each; the same one only once.
class Reasons {
  public:
    void add(const std::string& reason) {
        if (std::find(all_.begin(), all_.end(), reason) == all_.end()) all_.push_back(reason);
    }
    void add(const std::vector<std::string>& reasons) {
        for (const std::string& each : reasons)
            add(each);
    }
    [[nodiscard]] const std::vector<std::string>& all() const { return all_; }

  private:
    std::vector<std::string> all_;
};

std::string second_chain(const Profile& profile, std::string_view check_word) {
    return fmt::format(
        "check={}: the seed {} is known with the check word {}, and a new token has a new seed",
        profile.check, profile.seed, check_word);
}

void add_downgrades_of_seed(const NamedProfile& line, const std::vector<NamedProfile>& profiles,
                            const std::vector<KnownChain>& chains, Reasons& reasons) {
    const Profile& profile = line.profile;
    for (const auto& [name, other] : profiles) {
        if (other.seed != profile.seed || name == line.name) continue;
        reasons.add(downgrades(other, profile));
        if (other.check != profile.check) reasons.add(second_chain(profile, other.check));
    }
    for (const KnownChain& known : chains) {
        if (known.seed != profile.seed) continue;
        if (known.algorithm && known.length != 0)
            reasons.add(downgrades(as_profile(known, profile), profile));
        if (known.check_word != profile.check) reasons.add(second_chain(profile, known.check_word));
    }
}

void refuse_downgrades(const NamedProfile& line, const std::optional<Profile>& before,
                       const std::vector<NamedProfile>& profiles, const std::vector<KnownChain>& chains) {
    const Profile& profile = line.profile;
    Reasons reasons;
    if (before) {
        reasons.add(downgrades(*before, profile));
    } else if (value_size(profile.algorithm) < value_size(Algorithm::sha256)) {
        reasons.add(
            fmt::format("algorithm={} is weaker than sha256: whoever gets one knock can guess the passphrase "
                        "at the price of a few fast hashes each",
                        name_of(profile.algorithm)));
    }
    add_downgrades_of_seed(line, profiles, chains, reasons);
    if (reasons.all().empty()) return;
    throw Error(fmt::format(
        "the line asks for less than what is known:\n  {}\nNothing was changed. A forged line would "
        "do so, to be sent what it can use: ask your administrator, by voice. Where both of you "
        "mean it, say --downgrade",
        fmt::join(reasons.all(), "\n  ")));
}

std::string told(const std::string& value) { return value.empty() ? "(nothing)" : printable(value); }

std::string description_of_changes(const NamedProfile& line, const std::optional<Profile>& before) {
    if (!before)
        return fmt::format("what profile {} has cannot be read, so what changes is not known\n", line.name);
    std::string text = fmt::format("the line changes profile {}:\n", line.name);
    for (const Change& each : changes(*before, line.profile))
        text += fmt::format("  {:<10} {} -> {}\n", each.key, told(each.before), told(each.after));
    return text;
}

void ask_about_changes(const NamedProfile& line, const Arguments& arguments,
                       const std::optional<Profile>& before) {
    if (before && *before == line.profile) return;
    tell("knockgen: {}Check words of the line: {}\n", description_of_changes(line, before),
         check_words_of(format_profile(line.profile)));
    if (arguments.has("yes")) return;
    bool meant = false;
    try {
        meant = ask_yes(
            "Does your administrator, whom you asked by voice, have the same check words? Type yes to put "
            "the line in its place: ");
    } catch (const Error& error) {
        throw Error(
            fmt::format("{}; where you have compared the check words by voice, say --yes, too. Nothing was "
                        "changed",
                        error.what()));
    }
    if (!meant) throw Error("that was not yes, so nothing was changed");
}

} // namespace

void check_meant(const NamedProfile& line, const Arguments& arguments) {
    const std::vector<NamedProfile> profiles = readable_profiles();
    const std::vector<KnownChain> chains = known_chains();
    const bool replaces = profile_exists(line.name);
    const auto before = replaced_by(line, profiles);
    if (replaces) keep_check_words(line, before, chains);
    if (!arguments.has("downgrade")) refuse_downgrades(line, before, profiles, chains);
    if (replaces) ask_about_changes(line, arguments, before);
}

} // namespace otk
