#include "store/doors_file.h"

#include "base/promise.h"
#include "base/text.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace otk {

namespace {

using Json = nlohmann::ordered_json;

constexpr int version = 1;

Error nonsense(std::string_view what) {
    return Error(
        fmt::format("the list of doors is damaged: {}; knockd writes it anew with the next door that "
                    "opens or closes",
                    what));
}

unsigned bits_of(Family family) {
    switch (family) {
    case Family::none: return 0;
    case Family::ipv4: return 32;
    case Family::ipv6: return 128;
    }
    return 0;
}

Json format_address(const Address& address) { return address.empty() ? Json(nullptr) : Json(address.text()); }

Json format_door(const DoorListed& door) {
    Json json{{"row", door.row},
              {"user", door.user},
              {"command", door.command},
              {"kind", name_of(door.kind)},
              {"address", format_address(door.address)}};
    if (door.kind == CommandKind::open) json["prefix"] = door.prefix;
    if (door.kind == CommandKind::open || door.kind == CommandKind::forward) {
        json["service"] = format_service(door.service);
    }
    if (door.kind == CommandKind::forward) {
        json["target"] = format_endpoint(door.target);
        json["claims"] = Json::array();
        for (const Address& claim : door.claims)
            json["claims"].push_back(claim.text());
    }
    json["until"] = format_utc(door.until, true);
    json["boot"] = door.boot;
    json["boot_until_ms"] = door.boot_until;
    return json;
}

// The member of this name, which must be there.
const Json& member(const Json& object, const char* name) {
    if (!object.is_object()) throw nonsense("a door is no object");
    const auto found = object.find(name);
    if (found == object.end()) throw nonsense(fmt::format("a door has no {}", name));
    return *found;
}

std::string text_of(const Json& object, const char* name) {
    const Json& text = member(object, name);
    if (!text.is_string()) throw nonsense(fmt::format("{} is no text", name));
    return text.get<std::string>();
}

std::int64_t integer_of(const Json& object, const char* name, std::int64_t smallest, std::int64_t largest) {
    const Json& number = member(object, name);
    // One above the range of int64 would come out as a negative one.
    const bool fits = number.is_number_integer() &&
                      (!number.is_number_unsigned() || number.get<std::uint64_t>() <= INT64_MAX);
    if (!fits || number.get<std::int64_t>() < smallest || number.get<std::int64_t>() > largest) {
        throw nonsense(fmt::format("{} is not from {} to {}", name, smallest, largest));
    }
    return number.get<std::int64_t>();
}

// What the parser of one text form makes of a member.
template <typename Parser>
auto parsed(const Json& object, const char* name, Parser parser) {
    const auto value = parser(text_of(object, name));
    if (!value) throw nonsense(fmt::format("{} is none: {}", name, printable(text_of(object, name))));
    return *value;
}

std::string name_in(const Json& object, const char* name) {
    std::string text = text_of(object, name);
    if (!valid_name(text)) throw nonsense(fmt::format("{} is none: {}", name, printable(text)));
    return text;
}

// As format_utc writes it, with milliseconds; nothing for all else.
std::optional<Time> parse_utc(std::string_view text) {
    constexpr std::string_view form = "0000-00-00T00:00:00.000Z";
    if (text.size() != form.size()) return std::nullopt;
    const auto number = [&](std::size_t at, std::size_t digits) {
        unsigned value = 0;
        for (const char c : text.substr(at, digits))
            value = value * 10 + static_cast<unsigned>(c - '0');
        return value;
    };
    for (std::size_t i = 0; i < form.size(); ++i) {
        if (form[i] == '0' ? !is_digit(text[i]) : text[i] != form[i]) return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(number(0, 4))},
                                           std::chrono::month{number(5, 2)}, std::chrono::day{number(8, 2)}};
    // What nanoseconds since 1970 can count ends in 2262.
    if (!date.ok() || number(0, 4) < 1970 || number(0, 4) > 2261) return std::nullopt;
    if (number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 59) return std::nullopt;
    return Time{std::chrono::sys_days{date}} + std::chrono::hours{number(11, 2)} +
           std::chrono::minutes{number(14, 2)} + std::chrono::seconds{number(17, 2)} +
           std::chrono::milliseconds{number(20, 3)};
}

std::vector<Address> parse_claims(const Json& object) {
    const Json& list = member(object, "claims");
    if (!list.is_array() || list.size() > most_claims) {
        throw nonsense(fmt::format("claims is no list of up to {} addresses", most_claims));
    }
    std::vector<Address> claims;
    for (const Json& each : list) {
        const auto address = each.is_string() ? Address::parse(each.get<std::string>()) : std::nullopt;
        if (!address) throw nonsense("a claim is no address");
        claims.push_back(*address);
    }
    return claims;
}

DoorListed parse_door(const Json& json) {
    DoorListed door;
    door.row = integer_of(json, "row", 1, std::numeric_limits<std::int64_t>::max());
    door.user = name_in(json, "user");
    door.command = name_in(json, "command");
    door.kind = parsed(json, "kind", command_kind_named);
    if (!member(json, "address").is_null()) door.address = parsed(json, "address", Address::parse);
    door.until = parsed(json, "until", parse_utc);
    if (json.contains("boot")) {
        door.boot = text_of(json, "boot");
        door.boot_until = integer_of(json, "boot_until_ms", 0, std::numeric_limits<std::int64_t>::max());
    }
    switch (door.kind) {
    case CommandKind::exec: break;
    case CommandKind::open:
        if (door.address.empty()) throw nonsense("an open door has no address");
        door.prefix =
            static_cast<std::uint8_t>(integer_of(json, "prefix", 1, bits_of(door.address.family())));
        door.service = parsed(json, "service", parse_service);
        break;
    case CommandKind::forward:
        door.service = parsed(json, "service", parse_service);
        door.target = parsed(json, "target", parse_endpoint);
        door.claims = parse_claims(json);
        break;
    case CommandKind::close: throw nonsense("a close command opens no door");
    }
    return door;
}

bool same_network(const Address& one, const Address& other, unsigned bits) {
    if (one.family() != other.family() || bits > bits_of(one.family())) return false;
    const Bytes a = one.bytes();
    const Bytes b = other.bytes();
    const std::size_t whole = bits / 8;
    if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) return false;
    const unsigned rest = bits % 8;
    return rest == 0 || (a[whole] >> (8 - rest)) == (b[whole] >> (8 - rest));
}

bool lets_in(const DoorListed& door, const Address& address) {
    switch (door.kind) {
    case CommandKind::open: return same_network(door.address, address, door.prefix);
    case CommandKind::forward:
        if (door.claims.empty()) return door.address == address;
        return std::find(door.claims.begin(), door.claims.end(), address) != door.claims.end();
    case CommandKind::exec:
    case CommandKind::close: return false;
    }
    return false;
}

} // namespace

std::string format_doors(const std::vector<DoorListed>& doors) {
    Json list = Json::array();
    for (const DoorListed& door : doors)
        list.push_back(format_door(door));
    return Json{{"version", version}, {"doors", std::move(list)}}.dump(2) + "\n";
}

std::vector<DoorListed> parse_doors(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false); // discarded, which is no object, when it is no JSON
    if (!json.is_object() || !json.contains("version") || !json.contains("doors")) {
        throw nonsense("it is no JSON object with version and doors");
    }
    if (json["version"] != version) throw nonsense("another version of otk wrote it");
    if (!json["doors"].is_array()) throw nonsense("doors is no list");
    std::vector<DoorListed> doors;
    for (const Json& each : json["doors"])
        doors.push_back(parse_door(each));
    return doors;
}

bool allows(const std::vector<DoorListed>& doors, const Address& address, const Service& service, Time now) {
    if (address.empty()) return false;
    return std::any_of(doors.begin(), doors.end(), [&](const DoorListed& door) {
        return now < door.until && door.service == service && lets_in(door, address);
    });
}

} // namespace otk
