#include "knockmgr/grant_rules.h"

#include "base/text.h"
#include "knockmgr/rule_conflicts.h"
#include "knockmgr/times.h"
#include "policy/argument.h"
#include "policy/time_zone.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

constexpr std::uint32_t highest_rate = 1'000'000;

constexpr std::array address_choices{Choice{"knock", "default: where the packet came from; over dns none"},
                                     Choice{"source", "also a resolver's"},
                                     Choice{"named", "one named in the knock"},
                                     Choice{"claim", "--forward only: the first that connects"}};
constexpr std::array carrier_choices{Choice{"udp"}, Choice{"icmp"}, Choice{"dns"}, Choice{"any"}};
constexpr std::array sequence_choices{Choice{"compare", "default"},
                                      Choice{"ignore", "a firewall on the path rewrites them"}};
// What takes a rule away.
constexpr std::array any_choices{Choice{"any"}};
constexpr std::array none_choices{Choice{"none"}};

// "any", or networks; each use of the option may hold several, parted by commas.
std::vector<Network> parse_networks(std::string_view option, const std::vector<std::string>& texts) {
    std::vector<Network> networks;
    if (texts == std::vector<std::string>{"any"}) return networks;
    for (const std::string& text : texts) {
        for (const std::string_view piece : split(text, ',')) {
            const auto network = Network::parse(piece);
            if (!network) {
                throw UsageError(
                    fmt::format("--{} {} is no network; write for example 203.0.113.0/24, 2001:db8::/32 or "
                                "a single address (the bits after the prefix must be zero), or any",
                                option, printable(piece)));
            }
            networks.push_back(*network);
        }
    }
    return networks;
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' '))
        text.remove_prefix(1);
    while (text.ends_with(' '))
        text.remove_suffix(1);
    return text;
}

// "any", or spans of the week; each use of the option may hold several, parted by semicolons, because a comma
// parts days.
std::vector<Hours> parse_spans(const std::vector<std::string>& texts) {
    std::vector<Hours> spans;
    if (texts == std::vector<std::string>{"any"}) return spans;
    for (const std::string& text : texts) {
        for (const std::string_view piece : split(text, ';')) {
            const auto span = parse_hours(trimmed(piece));
            if (!span) {
                throw UsageError(fmt::format(
                    "--hours {} is no span of the week; write for example 'mon-fri 08:00-18:00', 'sat,sun "
                    "10:00-12:00', 'daily 22:00-06:00', mon for the whole day, or any",
                    printable(piece)));
            }
            spans.push_back(*span);
        }
    }
    if (spans.size() > most_hours) {
        throw UsageError(fmt::format("--hours gives {} spans, and {} is the most", spans.size(), most_hours));
    }
    return spans;
}

std::optional<Time> parse_moment(std::string_view option, const std::string& text, Time now) {
    if (text == "none") return std::nullopt;
    const auto moment = parse_future(text, now);
    if (moment) return moment;
    throw UsageError(
        fmt::format("--{} {} is no time; write for example 2026-12-31, 2026-12-31T18:00Z (both UTC), 90d "
                    "from now, or none",
                    option, printable(text)));
}

std::uint32_t parse_rate(std::string_view option, const std::string& text) {
    if (text == "any") return 0;
    const auto rate = parse_decimal(text, highest_rate);
    if (rate && *rate > 0) return static_cast<std::uint32_t>(*rate);
    if (rate) {
        throw UsageError(fmt::format("--{} 0 would refuse every knock; `knockmgr grant disable` switches a "
                                     "grant off, and any takes the rule away",
                                     option));
    }
    throw UsageError(fmt::format("--{} {} is no number of knocks from 1 to {}; any takes the rule away",
                                 option, printable(text), highest_rate));
}

void apply_address(const Invocation& invocation, GrantRules& rules) {
    if (const auto text = invocation.value("address")) {
        const auto rule = address_rule_named(*text);
        if (!rule) {
            throw UsageError(
                fmt::format("--address {} is none of knock, source, named and claim", printable(*text)));
        }
        rules.address = *rule;
        if (rules.address != AddressRule::claim) rules.claims = 1;
    }
    if (const auto text = invocation.value("claims")) {
        const auto claims = parse_decimal(*text, most_claims);
        if (!claims || *claims == 0) {
            throw UsageError(
                fmt::format("--claims {} is no number from 1 to {}", printable(*text), most_claims));
        }
        if (rules.address != AddressRule::claim) {
            throw UsageError("--claims says how many addresses may claim a door, and --address is not claim");
        }
        rules.claims = static_cast<std::uint8_t>(*claims);
    }
    if (invocation.has("named-within")) {
        rules.named_within = parse_networks("named-within", invocation.values("named-within"));
    }
}

void apply_hours(const Invocation& invocation, GrantRules& rules) {
    if (invocation.has("hours")) {
        rules.hours = parse_spans(invocation.values("hours"));
        if (rules.hours.empty()) rules.time_zone.clear();
    }
    const auto zone = invocation.value("zone");
    if (!zone) return;
    if (rules.hours.empty()) {
        throw UsageError("--zone says by which clock --hours are meant, and there are no --hours");
    }
    if (zone->empty() || !time_zone_known(*zone)) {
        throw UsageError(fmt::format(
            "--zone {} is no time zone that this system knows; write for example Europe/Berlin, "
            "America/New_York or UTC. `timedatectl list-timezones` lists them; they are in Debian's package "
            "tzdata",
            printable(*zone)));
    }
    rules.time_zone = *zone == "UTC" ? "" : *zone;
}

void apply_times(const Invocation& invocation, Time now, GrantRules& rules) {
    if (const auto text = invocation.value("not-before"))
        rules.not_before = parse_moment("not-before", *text, now);
    if (const auto text = invocation.value("expires")) {
        rules.expires_at = parse_moment("expires", *text, now);
        if (rules.expires_at && *rules.expires_at <= now) {
            throw UsageError(fmt::format("--expires {} is past, and every knock would be refused: it is {} "
                                         "now; to switch a grant off, `knockmgr grant disable` it",
                                         printable(*text), format_utc(now)));
        }
    }
}

// Two flags for one rule, because a rule that was set must be taken back by name.
void apply_switch(const Invocation& invocation, std::string_view on, std::string_view off, bool& rule) {
    if (invocation.has(on) && invocation.has(off))
        throw UsageError(fmt::format("--{} and --{} say the opposite; choose one", on, off));
    if (invocation.has(on)) rule = true;
    if (invocation.has(off)) rule = false;
}

void apply_signing(const Invocation& invocation, GrantRules& rules) {
    apply_switch(invocation, "plain", "no-plain", rules.plain);
    apply_switch(invocation, "no-clock", "clock", rules.no_clock);
    const auto text = invocation.value("isn");
    if (!text) return;
    if (*text != "ignore" && *text != "compare") {
        throw UsageError(fmt::format("--isn {} is neither ignore nor compare", printable(*text)));
    }
    rules.ignore_sequence = *text == "ignore";
}

} // namespace

const std::vector<Option>& rule_options() {
    static const std::vector<Option> options{
        {"address", "RULE", "which address counts: {}", false, address_choices},
        {"claims", "N", "with --address claim: the first N addresses, 1 to 4 (default 1)"},
        {"named-within", "NET", "where a named address must lie; {}", true, any_choices},
        {"from", "NET", "where knocks may come from; {}", true, any_choices},
        {"carriers", "LIST", "which ways count, with commas between: {}", false, carrier_choices},
        {"hours", "SPAN", "when knocks may come: 'mon-fri 08:00-18:00', 'daily 22:00-06:00'; {}", true,
         any_choices},
        {"zone", "ZONE", "the time zone of --hours, such as Europe/Berlin (default UTC)"},
        {"per-hour", "N", "at most N accepted knocks within an hour; {}", false, any_choices},
        {"per-day", "N", "likewise within 24 hours; {}", false, any_choices},
        {"not-before", "TIME", "valid from then on; {}", false, none_choices},
        {"expires", "TIME", "refused from then on: a date in UTC, or 90d from now; {}", false, none_choices},
        {"plain", "", "of a chain with a public key: take knocks without a signature, too"},
        {"no-plain", "", "demand a signature (the default)"},
        {"no-clock", "", "take signed knocks without a time, from senders that have no clock"},
        {"clock", "", "demand a time in signed knocks (the default)"},
        {"isn", "HOW", "the sequence numbers of the three SYNs in dynamic mode: {}", false, sequence_choices},
    };
    return options;
}

bool has_rule_options(const Invocation& invocation) {
    return std::any_of(rule_options().begin(), rule_options().end(),
                       [&](const Option& option) { return invocation.has(option.name); });
}

void apply_rule_options(const Invocation& invocation, const Command& command, Time now, GrantRules& rules) {
    apply_address(invocation, rules);
    if (const auto text = invocation.value("carriers")) {
        const auto carriers = *text == "any" ? std::optional(Carriers{}) : parse_carriers(*text);
        if (!carriers) {
            throw UsageError(
                fmt::format("--carriers {} is no list of udp, icmp and dns; write for example udp,icmp",
                            printable(*text)));
        }
        rules.carriers = *carriers;
    }
    if (invocation.has("from")) rules.sources = parse_networks("from", invocation.values("from"));
    apply_hours(invocation, rules);
    if (const auto text = invocation.value("per-hour")) rules.per_hour = parse_rate("per-hour", *text);
    if (const auto text = invocation.value("per-day")) rules.per_day = parse_rate("per-day", *text);
    apply_times(invocation, now, rules);
    apply_signing(invocation, rules);
    if (const auto conflict = conflict_in(rules, command, now)) throw UsageError(*conflict);
}

void check_signing_options(const Invocation& invocation, const Command& command, bool has_key) {
    for (const std::string_view option : {"plain", "no-plain", "no-clock", "clock", "isn"}) {
        if (!invocation.has(option) || has_key) continue;
        throw UsageError(
            fmt::format("--{} is about signed knocks, and this chain has no public key: it takes "
                        "plain knocks, and those only. For signed ones the user makes a token with "
                        "`knockgen token` (sha256, without --plain)",
                        option));
    }
    if (invocation.has("isn") && command.kind != CommandKind::forward) {
        throw UsageError(
            fmt::format("--isn is about dynamic mode, which is for forward commands; {} is of kind {}",
                        command.name, name_of(command.kind)));
    }
    if (!has_key && !allows_argument(command.argument, "")) {
        throw UsageError(
            fmt::format("every knock would be refused: {} demands an argument, which only signed "
                        "knocks carry, and this chain has no public key. Have the user make a token "
                        "with `knockgen token` (sha256, without --plain)",
                        command.name));
    }
}

} // namespace otk::knockmgr
