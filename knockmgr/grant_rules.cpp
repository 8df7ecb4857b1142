#include "knockmgr/grant_rules.h"

#include "base/text.h"
#include "knockmgr/times.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

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

std::optional<Time> parse_moment(std::string_view option, const std::string& text, Time now) {
    if (text == "none") return std::nullopt;
    const auto moment = parse_future(text, now);
    if (moment) return moment;
    throw UsageError(
        fmt::format("--{} {} is no time; write for example 2026-12-31, 2026-12-31T18:00Z (both UTC), 90d "
                    "from now, or none",
                    option, printable(text)));
}

std::string text_of(const std::vector<Network>& networks) {
    std::string text;
    for (const Network& network : networks)
        text += (text.empty() ? "" : " ") + network.text();
    return text.empty() ? "any" : text;
}

Json json_of_networks(const std::vector<Network>& networks) {
    Json json = Json::array();
    for (const Network& network : networks)
        json.push_back(network.text());
    return json;
}

} // namespace

const std::vector<Option>& rule_options() {
    static const std::vector<Option> options{
        {"address", "RULE",
         "which address counts: knock (default: where the packet came from; over dns none), source "
         "(also a resolver's), named (one named in the knock)"},
        {"named-within", "NET", "where a named address must lie; any", true},
        {"from", "NET", "where knocks may come from; any", true},
        {"carriers", "LIST", "some of udp,icmp,dns; any"},
        {"not-before", "TIME", "valid from then on; none"},
        {"expires", "TIME", "refused from then on: a date in UTC, or 90d from now; none"},
    };
    return options;
}

bool has_rule_options(const Invocation& invocation) {
    return std::any_of(rule_options().begin(), rule_options().end(),
                       [&](const Option& option) { return invocation.has(option.name); });
}

void apply_rule_options(const Invocation& invocation, Time now, GrantRules& rules) {
    if (const auto text = invocation.value("address")) {
        const auto rule = address_rule_named(*text);
        if (!rule) {
            throw UsageError(
                fmt::format("--address {} is none of knock, source and named", printable(*text)));
        }
        rules.address = *rule;
    }
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
    if (invocation.has("named-within")) {
        rules.named_within = parse_networks("named-within", invocation.values("named-within"));
    }
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
    if (!rules.named_within.empty() && rules.address != AddressRule::named) {
        throw UsageError("--named-within says where a named address must lie, but --address is not named");
    }
    if (rules.not_before && rules.expires_at && *rules.not_before >= *rules.expires_at) {
        throw UsageError(fmt::format("the grant would expire at {}, before it is valid at {}",
                                     format_utc(*rules.expires_at), format_utc(*rules.not_before)));
    }
}

void add_rules(Fields& fields, const GrantRules& rules) {
    fields.add("address", std::string(name_of(rules.address)));
    if (rules.address == AddressRule::named) fields.add("named within", text_of(rules.named_within));
    fields.add("from", text_of(rules.sources));
    fields.add("carriers", format_carriers(rules.carriers));
    fields.add("not before", rules.not_before ? format_utc(*rules.not_before) : "-");
    fields.add("expires", rules.expires_at ? format_utc(*rules.expires_at) : "never");
}

Json json_of(const GrantRules& rules) {
    Json carriers = Json::array();
    const std::string names = format_carriers(rules.carriers);
    for (const std::string_view name : split(names, ','))
        carriers.push_back(name);
    return {
        {"address", name_of(rules.address)},         {"named_within", json_of_networks(rules.named_within)},
        {"from", json_of_networks(rules.sources)},   {"carriers", carriers},
        {"not_before", json_time(rules.not_before)}, {"expires", json_time(rules.expires_at)}};
}

std::string rules_line(const GrantRules& rules) {
    std::string line;
    const auto add = [&line](std::string_view name, const std::string& value) {
        line += fmt::format("{}{} {}", line.empty() ? "" : "; ", name, value);
    };
    if (rules.address != AddressRule::knock) add("address", std::string(name_of(rules.address)));
    if (!rules.named_within.empty()) add("within", text_of(rules.named_within));
    if (!rules.sources.empty()) add("from", text_of(rules.sources));
    if (rules.carriers != Carriers{}) add("by", format_carriers(rules.carriers));
    if (rules.not_before) add("not before", format_utc(*rules.not_before));
    if (rules.expires_at) add("until", format_utc(*rules.expires_at));
    return line.empty() ? "-" : line;
}

} // namespace otk::knockmgr
