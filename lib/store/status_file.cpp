#include "store/status_file.h"

#include <array>

#include <nlohmann/json.hpp>

namespace otk {

namespace {

using Json = nlohmann::ordered_json; // keys in the order in which they were put

struct TextKey {
    std::string_view key;
    std::string DaemonStatus::*value = nullptr;
};

constexpr std::array texts{
    TextKey{"started", &DaemonStatus::started},
    TextKey{"capture_started", &DaemonStatus::capture_started},
    TextKey{"validate_started", &DaemonStatus::validate_started},
    TextKey{"acceptance", &DaemonStatus::acceptance},
    TextKey{"guard", &DaemonStatus::guard},
    TextKey{"dns", &DaemonStatus::dns},
    TextKey{"boot", &DaemonStatus::boot},
};

DaemonStatus::Number number_at(const Json& object, std::string_view key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
    return found->get<std::uint64_t>();
}

} // namespace

std::string format_status(const DaemonStatus& status) {
    Json json{{"pid", status.pid}};
    for (const TextKey& text : texts) {
        if (!(status.*text.value).empty()) json[std::string(text.key)] = status.*text.value;
    }
    for (const StatusGauge& gauge : status_gauges()) {
        if (status.*gauge.value) json[std::string(gauge.key)] = *(status.*gauge.value);
    }
    if (status.written) json["written"] = *status.written;
    if (status.flood) json["flood"] = *status.flood;
    Json& counters = json["counters"] = Json::object();
    for (const StatusCounter& counter : status_counters()) {
        if (status.*counter.value) counters[std::string(counter.key)] = *(status.*counter.value);
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<DaemonStatus> parse_status(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    DaemonStatus status;
    const auto pid = json.find("pid");
    if (pid != json.end() && pid->is_number_integer()) status.pid = pid->get<std::int64_t>();
    for (const TextKey& key : texts) {
        const auto found = json.find(key.key);
        if (found != json.end() && found->is_string()) status.*key.value = found->get<std::string>();
    }
    for (const StatusGauge& gauge : status_gauges())
        status.*gauge.value = number_at(json, gauge.key);
    status.written = number_at(json, "written");
    const auto flood = json.find("flood");
    if (flood != json.end() && flood->is_boolean()) status.flood = flood->get<bool>();
    const auto counters = json.find("counters");
    if (counters == json.end() || !counters->is_object()) return status;
    for (const StatusCounter& counter : status_counters())
        status.*counter.value = number_at(*counters, counter.key);
    return status;
}

} // namespace otk
