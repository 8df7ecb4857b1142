#include "store/status_file.h"

#include <array>

#include <nlohmann/json.hpp>

namespace otk {

namespace {

using Json = nlohmann::ordered_json; // keys in the order in which they were put

// One that is no counter: how things stand now.
struct Gauge {
    std::string_view key;
    DaemonStatus::Number DaemonStatus::*value = nullptr;
};

constexpr std::array gauges{
    Gauge{"grants", &DaemonStatus::grants},
    Gauge{"commands_running", &DaemonStatus::commands_running},
    Gauge{"commands_waiting", &DaemonStatus::commands_waiting},
    Gauge{"doors", &DaemonStatus::doors},
};

struct TextKey {
    std::string_view key;
    std::string DaemonStatus::*value = nullptr;
};

constexpr std::array texts{
    TextKey{"started", &DaemonStatus::started},
    TextKey{"acceptance", &DaemonStatus::acceptance},
    TextKey{"guard", &DaemonStatus::guard},
};

DaemonStatus::Number number_at(const Json& object, std::string_view key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
    return found->get<std::uint64_t>();
}

} // namespace

std::string_view name_of(CountedSince since) {
    switch (since) {
    case CountedSince::capture: return "knockd-capture";
    case CountedSince::validate: return "knockd-validate";
    case CountedSince::knockd: return "knockd";
    }
    return "nobody";
}

std::span<const StatusCounter> status_counters() {
    using S = DaemonStatus;
    constexpr auto capture = CountedSince::capture;
    constexpr auto validate = CountedSince::validate;
    constexpr auto knockd = CountedSince::knockd;
    static constexpr std::array counters{
        StatusCounter{"packets_seen", "packets seen", capture, &S::packets_seen},
        StatusCounter{"packets_lost", "packets lost for want of room", capture, &S::packets_lost},
        StatusCounter{"unread", "packets that could not be read", capture, &S::unread},
        StatusCounter{"noise", "packets without a knock", capture, &S::noise},
        StatusCounter{"hits", "values of a chain found", capture, &S::hits},
        StatusCounter{"held_back", "repeats not reported one by one", capture, &S::held_back},
        StatusCounter{"dns_answered", "DNS answers sent", capture, &S::dns_answered},
        StatusCounter{"dns_not_answered", "DNS answers not sent", capture, &S::dns_not_answered},
        StatusCounter{"duplicates", "duplicates", validate, &S::duplicates},
        StatusCounter{"replays", "replays", validate, &S::replays},
        StatusCounter{"late", "late knocks", validate, &S::late},
        StatusCounter{"not_spent", "knocks that could not be spent", validate, &S::not_spent},
        StatusCounter{"accepted", "knocks accepted", knockd, &S::accepted},
        StatusCounter{"refused", "knocks refused", knockd, &S::refused},
        StatusCounter{"contested", "contested knocks", knockd, &S::contested},
        StatusCounter{"child_crashes", "crashes of a helper process", knockd, &S::child_crashes},
        StatusCounter{"alerts_raised", "alerts raised", knockd, &S::alerts_raised},
        StatusCounter{"alerts_held_back", "alerts held back", knockd, &S::alerts_held_back},
    };
    return counters;
}

std::string format_status(const DaemonStatus& status) {
    Json json{{"pid", status.pid}};
    for (const TextKey& text : texts) {
        if (!(status.*text.value).empty()) json[std::string(text.key)] = status.*text.value;
    }
    for (const Gauge& gauge : gauges) {
        if (status.*gauge.value) json[std::string(gauge.key)] = *(status.*gauge.value);
    }
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
    for (const Gauge& gauge : gauges)
        status.*gauge.value = number_at(json, gauge.key);
    const auto flood = json.find("flood");
    if (flood != json.end() && flood->is_boolean()) status.flood = flood->get<bool>();
    const auto counters = json.find("counters");
    if (counters == json.end() || !counters->is_object()) return status;
    for (const StatusCounter& counter : status_counters())
        status.*counter.value = number_at(*counters, counter.key);
    return status;
}

} // namespace otk
