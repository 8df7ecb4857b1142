#include "knockgen/secret.h"

#include "base/text.h"
#include "knockgen/key_file.h"
#include "knockgen/one_chain.h"
#include "knockgen/passphrase.h"
#include "otp/token.h"

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

ChainSecret chain_of(const Arguments& arguments, const NamedProfile& profile) {
    const Profile& about = profile.profile;
    if (const auto file = arguments.text("key")) {
        check_key_option(arguments, about.algorithm);
        return ChainSecret::from_master(read_key_file(*file));
    }
    const SecretText passphrase = known_passphrase(arguments, description(profile));
    return ChainSecret::from_passphrase(about.algorithm, passphrase, about.seed);
}

// The words that the secret makes are not told: with a forged line for a cheap algorithm, whoever is shown
// them would learn 11 bits of the passphrase for each line.
Error not_the_granted_one(const NamedProfile& profile, std::string_view what) {
    return Error(fmt::format("this is not the {0} that the right was granted for: the check words of its "
                             "token begin with {1}, and those of this {0} do not. Nothing was sent, and no "
                             "number was taken. Is it the {0} of profile {2}? If it is, the profile is of "
                             "another token: ask your administrator for a new line (knockmgr grant "
                             "profile), and compare the six check words",
                             what, profile.profile.check, profile.name));
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
    ChainSecret chain = chain_of(arguments, profile);
    const bool is_file = arguments.has("key");
    if (first_check_word(enrolment_of(chain, profile.profile)) != profile.profile.check)
        throw not_the_granted_one(profile, is_file ? "key file" : "passphrase");
    std::string key_file = is_file ? fingerprint_of_key_file(chain) : std::string();
    refuse_second_use(chain, profile, key_file);
    return {std::move(chain), std::move(key_file)};
}

} // namespace otk
