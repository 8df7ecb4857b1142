#include "knockmgr/doors_view.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

std::string who_of(const DoorListed& door) {
    if (!door.address.empty()) return door.address.text();
    if (door.claims.empty()) return "whoever claims it first";
    std::string text;
    for (const Address& claim : door.claims)
        text += (text.empty() ? "" : ", ") + claim.text();
    return text;
}

std::chrono::seconds left_of(const DoorListed& door, Time now) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(door.until - now);
    return std::max(left, std::chrono::seconds{0});
}

} // namespace

std::string what_of(const DoorListed& door) {
    switch (door.kind) {
    case CommandKind::open:
        return fmt::format("{} from {}/{}", format_service(door.service), door.address.text(), door.prefix);
    case CommandKind::forward:
        return fmt::format("{} -> {} from {}", format_service(door.service), format_endpoint(door.target),
                           who_of(door));
    case CommandKind::exec: return door.address.empty() ? "undo" : "undo for " + door.address.text();
    case CommandKind::close: break;
    }
    return "something that this version does not know";
}

std::string left_text(const DoorListed& door, Time now) {
    const std::int64_t s = left_of(door, now).count();
    if (s == 0) return "over";
    if (s < 120) return fmt::format("{} s", s);
    if (s < 7200) return fmt::format("{} min {} s", s / 60, s % 60);
    if (s < std::int64_t{2} * 86'400) return fmt::format("{} h {} min", s / 3600, s / 60 % 60);
    return fmt::format("{} d {} h", s / 86'400, s / 3600 % 24);
}

Json json_of(const std::vector<DoorListed>& doors, Time now) {
    Json all = Json::array();
    for (const DoorListed& door : doors) {
        Json json{{"row", door.row},
                  {"user", door.user},
                  {"command", door.command},
                  {"kind", name_of(door.kind)},
                  {"address", door.address.empty() ? Json() : Json(door.address.text())}};
        if (door.kind == CommandKind::open) json["prefix"] = door.prefix;
        if (door.kind != CommandKind::exec) json["port"] = format_service(door.service);
        if (door.kind == CommandKind::forward) {
            json["target"] = format_endpoint(door.target);
            json["claims"] = Json::array();
            for (const Address& claim : door.claims)
                json["claims"].push_back(claim.text());
        }
        json["until"] = json_time(door.until);
        json["seconds_left"] = left_of(door, now).count();
        json["what"] = what_of(door);
        all.push_back(std::move(json));
    }
    return all;
}

std::string not_running_text(const std::vector<DoorListed>& doors) {
    const auto some = [&](CommandKind kind) {
        return std::any_of(doors.begin(), doors.end(),
                           [&](const DoorListed& door) { return door.kind == kind; });
    };
    std::string text = "knockd is not running";
    if (some(CommandKind::open))
        text += "; ports let in may stay open in the kernel until their time is over";
    if (some(CommandKind::forward))
        text += "; forwarded ports may stay open until then where nftables redirects them";
    if (some(CommandKind::exec)) text += "; what waits to be undone is undone when knockd starts again";
    return text;
}

} // namespace otk::knockmgr
