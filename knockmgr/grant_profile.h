// The profile of a grant (lib/profile): one line that tells the user's knockgen all but the secret.
#pragma once

#include "config/config.h"
#include "knockmgr/subcommand.h"
#include "profile/profile.h"
#include "store/policy_store.h"

#include <string>

namespace otk::knockmgr {

// Whose profile it is.
struct ProfileOwner {
    const Command& command;
    const GrantRules& rules;
    const Enrolment& enrolment;
};

// Only carriers over which a knock of the grant can pass are in it; dynamic mode only where otk.toml enables
// it, the grant has a public key and there is a server key in force. `host` as the user reaches this server.
[[nodiscard]] Profile profile_of(const ProfileOwner& owner, const Config& config, const PolicyStore& store,
                                 const std::string& host, Time now);

// The call of knockgen that keeps it: one line for a shell.
[[nodiscard]] std::string profile_line(const Profile& profile);

// Six words over the whole line, as the user's knockgen shows them when it has the line: compared by voice.
[[nodiscard]] std::string profile_words(const Profile& profile);

// Says on standard error that `host`, which nobody chose by --host, is no name by which others find this
// server: it has no dot, and is no address. Resolvers give such a name to the machine that asks, or to
// nobody.
void warn_of_bare_host(const Invocation& invocation, const std::string& host);

// What the server takes: "signed knocks only", "signed and plain knocks", "plain knocks only".
[[nodiscard]] std::string_view what_is_taken(const Profile& profile);

// `knockmgr grant profile`
[[nodiscard]] Subcommand profile_subcommand();

} // namespace otk::knockmgr
