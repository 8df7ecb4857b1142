// Users, commands and grants as JSON, for the change table: the names are those of the columns
// (docs/FORMAT.md).

#include "base/text.h"
#include "store/policy_rows.h"

#include <fmt/format.h>

namespace otk {

namespace {

Json time_json(const std::optional<Time>& time) {
    return time ? Json(format_utc(*time, true)) : Json(nullptr);
}

Json to_json(const std::vector<Hours>& hours) {
    Json json = Json::array();
    for (const Hours& span : hours)
        json.push_back(format_hours(span));
    return json;
}

} // namespace

Json to_json(const User& user) { return {{"name", user.name}, {"enabled", user.enabled}}; }

Json to_json(const Command& command, std::string_view closes) {
    Json service = nullptr;
    Json target = nullptr;
    Json closed = nullptr;
    if (command.kind == CommandKind::open) service = format_service(command.service);
    if (command.kind == CommandKind::forward) target = format_endpoint(command.target);
    if (command.kind == CommandKind::close) closed = closes;
    return {{"name", command.name},
            {"enabled", command.enabled},
            {"kind", name_of(command.kind)},
            {"argv", command.argv},
            {"undo", command.undo},
            {"run_as", command.run_as},
            {"argument", command.argument},
            {"time_limit", command.time_limit.count()},
            {"leave_running", command.leave_running},
            {"hold", command.hold.count()},
            {"service", service},
            {"prefix4", command.prefix4},
            {"prefix6", command.prefix6},
            {"target", target},
            {"closes", closed}};
}

Json to_json(const std::vector<Network>& networks) {
    Json json = Json::array();
    for (const Network& network : networks)
        json.push_back(network.text());
    return json;
}

Json to_json(const GrantDetails& details) {
    const Grant& grant = details.grant;
    const Enrolment& enrolment = grant.enrolment;
    const GrantRules& rules = grant.rules;
    Json key = nullptr;
    if (enrolment.public_key) key = to_hex(*enrolment.public_key);
    return {{"user", details.user.name},
            {"command", details.command.name},
            {"enabled", grant.enabled},
            {"algorithm", name_of(enrolment.algorithm)},
            {"length", enrolment.length},
            {"seed", enrolment.seed},
            {"image", to_hex(enrolment.image.view())},
            {"public_key", key},
            {"not_before", time_json(rules.not_before)},
            {"expires_at", time_json(rules.expires_at)},
            {"sources", to_json(rules.sources)},
            {"address", name_of(rules.address)},
            {"named_within", to_json(rules.named_within)},
            {"carriers", format_carriers(rules.carriers)},
            {"hours", to_json(rules.hours)},
            {"time_zone", rules.time_zone},
            {"per_hour", rules.per_hour},
            {"per_day", rules.per_day},
            {"claims", rules.claims},
            {"plain", rules.plain},
            {"no_clock", rules.no_clock},
            {"ignore_sequence", rules.ignore_sequence},
            {"host", grant.handover.host},
            {"form", grant.handover.form},
            {"made_here", grant.handover.made_here ? Json(*grant.handover.made_here) : Json()}};
}

Json to_json(const ServerKeyRecord& key) {
    return {{"public", to_hex(key.public_half)},
            {"created", time_json(key.created)},
            {"ends", time_json(key.ends)}};
}

Json to_json(const GuardDecision& decision) {
    return {{"armed", decision.on}, {"trial_until", time_json(decision.trial_until)}};
}

std::string json_text(const Json& json, std::string_view what) {
    try {
        return json.dump();
    } catch (const Json::type_error&) {
        throw Error(fmt::format(
            "{} holds bytes that are not UTF-8, which cannot be stored: write it in UTF-8", what));
    }
}

std::string json_text(const std::vector<Hours>& hours) { return to_json(hours).dump(); }

} // namespace otk
