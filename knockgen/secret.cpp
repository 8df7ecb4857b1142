#include "knockgen/secret.h"

#include "base/standard_streams.h"
#include "base/text.h"
#include "knockgen/key_file.h"
#include "knockgen/next_number.h"
#include "knockgen/passphrase.h"
#include "otp/token.h"
#include "request/signing_key.h"

#include <cstdio>

#include <fmt/format.h>

namespace otk {
namespace {

void check_key_option(const Arguments& arguments, Algorithm algorithm) {
    if (arguments.has("passphrase-file"))
        throw UsageError("--key and --passphrase-file are two secrets for one chain; give one of them");
    if (algorithm != Algorithm::sha256) {
        throw UsageError(
            fmt::format("--key goes with sha256 chains only, and this one is {}", name_of(algorithm)));
    }
}

std::string description(const NamedProfile& profile) {
    return fmt::format("profile {} ({} at {})", profile.name, printable(profile.profile.command),
                       printable(profile.profile.host));
}

// As the token had it that enrolled this profile.
Enrolment enrolment_of(const ChainSecret& chain, const Profile& profile) {
    Enrolment enrolment{profile.algorithm, profile.length, profile.seed, chain.at(profile.length), {}};
    if (profile.has_key) enrolment.public_key = SigningKey::of(chain).public_key();
    return enrolment;
}

ChainSecret chain_of(const Arguments& arguments, const NamedProfile& profile, bool first_time) {
    const Profile& about = profile.profile;
    if (const auto file = arguments.text("key")) {
        check_key_option(arguments, about.algorithm);
        return ChainSecret::from_master(read_key_file(*file));
    }
    const std::string of_what = description(profile);
    const SecretText passphrase =
        first_time ? first_passphrase(arguments, of_what) : known_passphrase(arguments, of_what);
    return ChainSecret::from_passphrase(about.algorithm, passphrase, about.seed);
}

Error not_the_granted_one(const NamedProfile& profile, std::string_view word, std::string_view what) {
    return Error(fmt::format("this is not the {0} that the right was granted for: the check words of its "
                             "token begin with {1}, and those of this {0} with {2}. Nothing was sent, and no "
                             "number was taken. Is it the {0} of profile {3}? If it is, the profile is of "
                             "another token: ask your administrator for a new line (knockmgr grant "
                             "profile), and compare the six check words",
                             what, profile.profile.check, word, profile.name));
}

Error unlike_the_first_time(const NamedProfile& profile, std::string_view word, std::string_view known,
                            std::string_view what) {
    return Error(fmt::format(
        "this makes another chain than the first time (its check words begin with {}, then with {}), so "
        "nothing was sent: is it the right {}? Should the first time have been wrong: knockgen profile "
        "show {} prints the line of the profile, and after knockgen profile add --replace with it another "
        "chain is taken; the numbers go on from where they are",
        word, known, what, profile.name));
}

} // namespace

ChainSecret chosen_chain(const Arguments& arguments, Algorithm algorithm, std::string_view seed) {
    if (const auto file = arguments.text("key")) {
        check_key_option(arguments, algorithm);
        return ChainSecret::from_master(read_key_file(*file));
    }
    const SecretText passphrase =
        known_passphrase(arguments, fmt::format("the {} chain with seed {}", name_of(algorithm), seed));
    return ChainSecret::from_passphrase(algorithm, passphrase, seed);
}

ProfileSecret secret_of(const Arguments& arguments, const NamedProfile& profile) {
    const std::string& granted = profile.profile.check;
    const std::string known = granted.empty() ? read_state(profile).check_word : granted;
    ChainSecret chain = chain_of(arguments, profile, known.empty());
    const Enrolment enrolment = enrolment_of(chain, profile.profile);
    std::string word = first_check_word(enrolment);
    const std::string_view what = arguments.has("key") ? "key file" : "passphrase";
    if (known.empty()) {
        tell("knockgen: the check words of this chain are {}; if those of your token differ, so does "
             "the passphrase or the key\n",
             check_words(enrolment));
    } else if (known != word) {
        throw granted.empty() ? unlike_the_first_time(profile, word, known, what)
                              : not_the_granted_one(profile, word, what);
    }
    return {std::move(chain), std::move(word)};
}

} // namespace otk
