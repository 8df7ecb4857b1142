#include "knockmgr/grant_profile.h"

#include "base/standard_streams.h"
#include "base/text.h"
#include "knockmgr/grant_sheet.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"
#include "knockmgr/server_key.h"
#include "net/address.h"
#include "otp/token.h"
#include "policy/tokens.h"

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

void add_carriers(Profile& profile, const ProfileOwner& owner, const Config& config) {
    const Carriers carriers = owner.rules.carriers;
    if (config.udp.enabled && carriers.contains(Carrier::udp)) profile.udp_port = config.udp.ports.front();
    profile.icmp = config.icmp.enabled && carriers.contains(Carrier::icmp);
    // A dns knock comes from a resolver, whose address the usual rule takes for nobody's.
    const bool passes = !uses_address(owner.command) || owner.rules.address != AddressRule::knock;
    const bool dns = config.dns.enabled && !config.dns.zones.empty() && carriers.contains(Carrier::dns);
    if (!dns || !passes) return;
    profile.zone = config.dns.zones.front().text();
    profile.confirms = config.dns.answer && config.dns.confirm;
}

void add_dynamic(Profile& profile, const ProfileOwner& owner, const Config& config, const PolicyStore& store,
                 Time now) {
    const bool possible = config.dynamic.enabled && owner.command.kind == CommandKind::forward &&
                          profile.has_key && owner.rules.carriers.contains(Carrier::udp);
    if (!possible) return;
    const auto key = key_for_profiles(store.server_keys(), now);
    if (!key) return;
    profile.dynamic_port = config.dynamic.port;
    profile.server_key = key->public_half;
    profile.ignores_sequence = owner.rules.ignore_sequence;
}

} // namespace

Profile profile_of(const ProfileOwner& owner, const Config& config, const PolicyStore& store,
                   const std::string& host, Time now) {
    Profile profile;
    profile.host = host;
    profile.algorithm = owner.enrolment.algorithm;
    profile.seed = owner.enrolment.seed;
    profile.length = owner.enrolment.length;
    profile.command = owner.command.name;
    profile.server = store.server_id();
    profile.has_key = owner.enrolment.public_key.has_value();
    profile.plain = !profile.has_key || owner.rules.plain;
    profile.check = first_check_word(owner.enrolment);
    add_carriers(profile, owner, config);
    add_dynamic(profile, owner, config, store, now);
    const AddressRule rule = owner.rules.address;
    profile.uses_address =
        uses_address(owner.command) && (rule == AddressRule::knock || rule == AddressRule::named);
    profile.argument = !owner.command.argument.empty();
    if (owner.command.kind == CommandKind::open) profile.opens = format_service(owner.command.service);
    if (owner.command.kind == CommandKind::forward)
        profile.ports = fmt::format("{}-{}", config.forward.ports.low, config.forward.ports.high);
    return profile;
}

std::string profile_line(const Profile& profile) {
    return fmt::format("knockgen profile add {} '{}'", profile.command, format_profile(profile));
}

std::string profile_words(const Profile& profile) { return check_words_of(format_profile(profile)); }

void warn_of_bare_host(const Invocation& invocation, const std::string& host) {
    if (invocation.has("host") || host.find('.') != std::string::npos || Address::parse(host)) return;
    warn(fmt::format(
        "no --host was said, so users are to knock at {}, which is what this machine calls itself: "
        "others may not find it by that, or find themselves. Say --host NAME with the name or "
        "address by which they reach this server",
        printable(host)));
}

std::string_view what_is_taken(const Profile& profile) {
    if (!profile.has_key) return "plain knocks only";
    return profile.plain ? "signed and plain knocks" : "signed knocks only";
}

namespace {

int print_profile(const Invocation& asked) {
    const Places where = asked.where();
    const PolicyStore store = read_policy(where);
    const GrantDetails details = grant_called(store, asked.arguments[0], asked.arguments[1]);
    Invocation invocation = asked;
    const std::string& known = details.grant.handover.host;
    if (!asked.has("host") && !known.empty()) invocation.options["host"] = {known};
    if (details.grant.retired) {
        throw Error(
            fmt::format("the chain of {}/{} was retired by `knockmgr restore`, so that no knock of it "
                        "counts; `knockmgr grant renew` gives a new one, and prints its profile",
                        details.user.name, details.command.name));
    }
    const Profile profile =
        profile_of({details.command, details.grant.rules, details.grant.enrolment}, load_config(where.config),
                   store, host_option(invocation), SystemClock().now());
    warn_of_bare_host(invocation, profile.host);
    if (!invocation.json()) {
        tell("check words of this line, to be compared by voice: {}\n", profile_words(profile));
        return print(format_profile(profile) + "\n");
    }
    return print_json({{"user", details.user.name},
                       {"command", details.command.name},
                       {"profile", format_profile(profile)},
                       {"profile_check_words", profile_words(profile)},
                       {"accepts", what_is_taken(profile)},
                       {"profile_command", profile_line(profile)}});
}

constexpr std::string_view profile_help =
    "Prints the profile of a grant: one line that tells the user's knockgen the server, the command and\n"
    "which knocks it takes. Nothing in it is secret, but whoever could change it on its way could lead\n"
    "the user elsewhere: six check words over the whole line are printed on standard error, the user's\n"
    "knockgen shows them, too, and you compare them by voice. Say --host, unless it was said when the\n"
    "grant was added or renewed, or this machine's own name is one by which the user finds it.\n"
    "The user keeps the profile with `knockgen profile add NAME 'LINE'`. A user needs a new one after\n"
    "`grant renew`, `grant set`, `key rotate` (for dynamic mode), and when the ports, zones or the name\n"
    "of this server change.\n"
    "\n"
    "examples:\n"
    "  knockmgr grant profile anna ssh\n"
    "  knockmgr grant profile anna ssh --host knock.example.org\n";

} // namespace

Subcommand profile_subcommand() {
    return {
        "grant profile",
        "USER COMMAND",
        2,
        2,
        false,
        "print what the user's knockgen has to know",
        profile_help,
        {{"host", "NAME",
          "this server's name or address, as the user reaches it (default as last said, else the host's)"},
         {"json", "", "print JSON"}},
        print_profile};
}

} // namespace otk::knockmgr
