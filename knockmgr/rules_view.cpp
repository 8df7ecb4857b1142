#include "knockmgr/grant_rules.h"

#include "base/text.h"
#include "policy/time_zone.h"

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

std::string text_of(const std::vector<Network>& networks) {
    std::string text;
    for (const Network& network : networks)
        text += (text.empty() ? "" : " ") + network.text();
    return text.empty() ? "any" : text;
}

std::string text_of(const std::vector<Hours>& hours, std::string_view separator) {
    std::string text;
    for (const Hours& span : hours)
        text += fmt::format("{}{}", text.empty() ? "" : separator, format_hours(span));
    return text;
}

std::string zone_of(const GrantRules& rules) { return rules.time_zone.empty() ? "UTC" : rules.time_zone; }

std::string address_text(const GrantRules& rules) {
    std::string name(name_of(rules.address));
    if (rules.address != AddressRule::claim) return name;
    return rules.claims == 1 ? "claim: the first address that connects"
                             : fmt::format("claim: the first {} addresses that connect", rules.claims);
}

std::string rate_text(const GrantRules& rules) {
    std::string text;
    if (rules.per_hour > 0) text = fmt::format("{} an hour", rules.per_hour);
    if (rules.per_day > 0) text += fmt::format("{}{} a day", text.empty() ? "" : ", ", rules.per_day);
    return text;
}

// Both clocks, because the one on the wall where the hours are meant need not be the reader's.
std::string now_text(const GrantRules& rules, Time now) {
    const auto local = local_time(now, rules.time_zone);
    if (!local) {
        return fmt::format("unknown in {}: this system does not know that time zone, and every knock is "
                           "refused; install the package tzdata",
                           zone_of(rules));
    }
    return fmt::format("{} in {}, which is {}: {} the hours", local_text(now, rules.time_zone),
                       zone_of(rules), format_utc(now), within(rules.hours, *local) ? "within" : "outside");
}

Json json_of_networks(const std::vector<Network>& networks) {
    Json json = Json::array();
    for (const Network& network : networks)
        json.push_back(network.text());
    return json;
}

Json json_of_hours(const std::vector<Hours>& hours) {
    Json json = Json::array();
    for (const Hours& span : hours)
        json.push_back(format_hours(span));
    return json;
}

Json json_of_carriers(Carriers carriers) {
    Json json = Json::array();
    const std::string names = format_carriers(carriers);
    for (const std::string_view name : split(names, ','))
        json.push_back(name);
    return json;
}

Json number_or_null(std::uint32_t number) { return number == 0 ? Json() : Json(number); }

} // namespace

bool within_hours(const GrantRules& rules, Time now) {
    if (rules.hours.empty()) return true;
    const auto local = local_time(now, rules.time_zone);
    return local && within(rules.hours, *local);
}

namespace {

void add_signing(Fields& fields, const GrantRules& rules, bool has_key) {
    if (!has_key) {
        fields.add("signature", "none: the chain has no public key, and plain knocks are taken");
        return;
    }
    fields.add("signature", rules.plain ? "verified, and plain knocks are taken, too" : "demanded");
    fields.add("clock",
               rules.no_clock ? "signed knocks without a time are taken" : "signed knocks must have a time");
    if (rules.ignore_sequence) fields.add("isn", "ignored in dynamic mode");
}

} // namespace

void add_rules(Fields& fields, const GrantRules& rules, bool has_key, Time now) {
    add_signing(fields, rules, has_key);
    fields.add("address", address_text(rules));
    if (rules.address == AddressRule::named) fields.add("named within", text_of(rules.named_within));
    fields.add("from", text_of(rules.sources));
    fields.add("carriers", format_carriers(rules.carriers));
    if (rules.hours.empty()) {
        fields.add("hours", "any");
    } else {
        fields.add("hours", text_of(rules.hours, "\n"));
        fields.add("time zone", zone_of(rules));
        fields.add("now", now_text(rules, now));
    }
    const std::string rate = rate_text(rules);
    fields.add("at most", rate.empty() ? "-" : rate);
    fields.add("not before", rules.not_before ? format_utc(*rules.not_before) : "-");
    fields.add("expires", rules.expires_at ? format_utc(*rules.expires_at) : "never");
}

Json json_of(const GrantRules& rules, bool has_key) {
    const auto of_signed = [has_key](bool rule) { return has_key ? Json(rule) : Json(); };
    const bool claim = rules.address == AddressRule::claim;
    return {{"address", name_of(rules.address)},
            {"claims", claim ? Json(rules.claims) : Json()},
            {"named_within", json_of_networks(rules.named_within)},
            {"from", json_of_networks(rules.sources)},
            {"carriers", json_of_carriers(rules.carriers)},
            {"hours", json_of_hours(rules.hours)},
            {"time_zone", rules.hours.empty() ? Json() : Json(zone_of(rules))},
            {"per_hour", number_or_null(rules.per_hour)},
            {"per_day", number_or_null(rules.per_day)},
            {"not_before", json_time(rules.not_before)},
            {"expires", json_time(rules.expires_at)},
            {"plain", of_signed(rules.plain)},
            {"no_clock", of_signed(rules.no_clock)},
            {"ignore_isn", of_signed(rules.ignore_sequence)}};
}

std::string rules_line(const GrantRules& rules, bool has_key) {
    std::string line;
    if (has_key) line = rules.plain ? "signed or plain" : "signed";
    if (has_key && rules.no_clock) line += "; without clock";
    if (has_key && rules.ignore_sequence) line += "; isn ignored";
    const auto add = [&line](std::string_view name, const std::string& value) {
        line += fmt::format("{}{} {}", line.empty() ? "" : "; ", name, value);
    };
    if (rules.address == AddressRule::claim) {
        add("claimed by", fmt::format("the first {}", rules.claims));
    } else if (rules.address != AddressRule::knock) {
        add("address", std::string(name_of(rules.address)));
    }
    if (!rules.named_within.empty()) add("within", text_of(rules.named_within));
    if (!rules.sources.empty()) add("from", text_of(rules.sources));
    if (rules.carriers != Carriers{}) add("by", format_carriers(rules.carriers));
    if (!rules.hours.empty()) {
        add("on", fmt::format("{} {}", text_of(rules.hours, ", "), zone_of(rules)));
    }
    if (const std::string rate = rate_text(rules); !rate.empty()) add("at most", rate);
    if (rules.not_before) add("not before", format_utc(*rules.not_before));
    if (rules.expires_at) add("until", format_utc(*rules.expires_at));
    return line.empty() ? "-" : line;
}

} // namespace otk::knockmgr
