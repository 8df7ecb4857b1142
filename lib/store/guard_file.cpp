#include "store/guard_file.h"

#include "base/promise.h"
#include "base/text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace otk {

namespace {

using Json = nlohmann::ordered_json;

constexpr int record_version = 1;

Error bad_record(std::string_view what) {
    return Error(fmt::format(
        "what knockd noted for the guard is damaged: {}; it is written anew when knockd starts", what));
}

const Json& member_of_record(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) throw bad_record(fmt::format("there is no {}", name));
    return *found;
}

template <typename Value>
Value record_value(const Json& object, const char* name) {
    try {
        return member_of_record(object, name).get<Value>();
    } catch (const Json::exception&) {
        throw bad_record(fmt::format("{} is of another type", name));
    }
}

// Each text of a list as its parser reads it.
template <typename Parser>
auto parsed_list(const Json& object, const char* name, Parser parser) {
    std::vector<typename decltype(parser(std::string_view{}))::value_type> list;
    for (const std::string& text : record_value<std::vector<std::string>>(object, name)) {
        const auto value = parser(text);
        if (!value) throw bad_record(fmt::format("{} has '{}'", name, printable(text)));
        list.push_back(*value);
    }
    return list;
}

// Lengths of prefixes; the whole address is always among them.
std::set<std::uint8_t> prefixes_of(const Json& object, const char* name, std::uint8_t whole) {
    std::set<std::uint8_t> prefixes{whole};
    for (const unsigned bits : record_value<std::vector<unsigned>>(object, name)) {
        if (bits < 1 || bits > whole) throw bad_record(fmt::format("{} has {}", name, bits));
        prefixes.insert(static_cast<std::uint8_t>(bits));
    }
    return prefixes;
}

} // namespace

// The number comes first: what is committed between two of these readings is then newer than the number says,
// never older.
GuardRecord::OfPolicy guard_half_of(const PolicyStore& policy) {
    GuardRecord::OfPolicy half;
    half.change = policy.newest_change();
    half.decision = policy.guard();
    half.ports = guarded_ports(policy.commands());
    return half;
}

bool in_force(const GuardDecision& decision, Time now) {
    return decision.on && (!decision.trial_until || now < *decision.trial_until);
}

bool has_lost(const GuardRecord::OfPolicy& policy, const GuardRecord::OfPolicy& known, Time now) {
    if (policy.change >= known.change || !in_force(known.decision, now)) return false;
    return !in_force(policy.decision, now) || !includes(policy.ports, known.ports);
}

GuardRecord::OfPolicy united(const GuardRecord::OfPolicy& policy, const GuardRecord::OfPolicy& known,
                             Time now) {
    GuardRecord::OfPolicy both = policy;
    const bool confirmed = in_force(policy.decision, now) && !policy.decision.trial_until;
    if (!confirmed) both.decision = known.decision;
    add(both.ports, known.ports);
    return both;
}

std::string format_guard_record(const GuardRecord& record) {
    Json networks = Json::array();
    for (const Network& network : record.config.always_allow)
        networks.push_back(network.text());
    Json ports = Json::array();
    for (const Service& service : record.policy.ports.services)
        ports.push_back(format_service(service));
    const auto& trial = record.policy.decision.trial_until;
    return Json{{"version", record_version},
                {"mode", record.config.mode},
                {"always_allow", std::move(networks)},
                {"alert", record.config.alert},
                {"alert_as", record.config.alert_as},
                {"on", record.policy.decision.on},
                {"trial_until_ns", trial ? Json(to_nanoseconds(*trial)) : Json(nullptr)},
                {"ports", std::move(ports)},
                {"prefixes4", record.policy.ports.prefixes4},
                {"prefixes6", record.policy.ports.prefixes6},
                {"change", record.policy.change}}
               .dump(2) +
           "\n";
}

GuardRecord parse_guard_record(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false); // discarded, which is no object, when it is no JSON
    if (!json.is_object()) throw bad_record("it is no JSON object");
    if (record_value<int>(json, "version") != record_version)
        throw bad_record("another version of otk wrote it");
    GuardRecord record;
    record.config.mode = record_value<std::string>(json, "mode");
    record.config.always_allow = parsed_list(json, "always_allow", Network::parse);
    record.config.alert = record_value<std::vector<std::string>>(json, "alert");
    record.config.alert_as = record_value<std::string>(json, "alert_as");
    record.policy.decision.on = record_value<bool>(json, "on");
    if (!member_of_record(json, "trial_until_ns").is_null())
        record.policy.decision.trial_until =
            from_nanoseconds(record_value<std::int64_t>(json, "trial_until_ns"));
    for (const Service& service : parsed_list(json, "ports", parse_service))
        record.policy.ports.services.insert(service);
    record.policy.ports.prefixes4 = prefixes_of(json, "prefixes4", 32);
    record.policy.ports.prefixes6 = prefixes_of(json, "prefixes6", 128);
    record.policy.change = record_value<std::int64_t>(json, "change");
    return record;
}

} // namespace otk
