// The list of doors: what is written is read again, nonsense is refused, and who is let in.

#include "store/doors_file.h"

#include "tests/store/support.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace otk;
using namespace otk::test;

namespace {

using namespace std::chrono_literals;

Address address(const char* text) { return *Address::parse(text); }
constexpr Time until = from_nanoseconds(1'800'000'000'123'000'000); // 2027-01-15T08:00:00.123Z

DoorListed open_door(const char* who, std::uint8_t prefix, Service service = {Protocol::tcp, 22}) {
    DoorListed door;
    door.row = 12;
    door.user = "anna";
    door.command = "sshd";
    door.kind = CommandKind::open;
    door.address = address(who);
    door.prefix = prefix;
    door.service = service;
    door.until = until;
    return door;
}

DoorListed forward_door(std::uint16_t port) {
    DoorListed door;
    door.row = 9'000'000'000;
    door.user = "berta";
    door.command = "web";
    door.kind = CommandKind::forward;
    door.service = {Protocol::tcp, port};
    door.target = *parse_endpoint("[2001:db8::7]:443");
    door.until = until;
    return door;
}

DoorListed undo() {
    DoorListed door;
    door.row = 1;
    door.user = "anna";
    door.command = "lamp";
    door.kind = CommandKind::exec;
    door.until = until;
    return door;
}

std::vector<DoorListed> all_sorts() {
    std::vector<DoorListed> doors{open_door("192.0.2.7", 24),
                                  open_door("2001:db8::1", 64, {Protocol::udp, 51820}), forward_door(50123),
                                  forward_door(50124), undo()};
    doors[2].address = address("192.0.2.9");
    doors[3].claims = {address("192.0.2.9"), address("2001:db8::9")};
    return doors;
}

// What the parser says about the written list after a change of its first door; "" when it takes it.
std::string with(const DoorListed& door, const std::function<void(nlohmann::json&)>& change) {
    nlohmann::json json = nlohmann::json::parse(format_doors({door}));
    change(json["doors"][0]);
    return error_of([&] { (void)parse_doors(json.dump()); });
}

bool may(const DoorListed& door, const char* who, Service service = {Protocol::tcp, 22},
         Time now = until - 1s) {
    return allows({undo(), door}, *who == '\0' ? Address{} : address(who), service, now);
}

} // namespace

TEST_CASE("doors are read as they were written") {
    const std::vector<DoorListed> doors = all_sorts();
    const std::string text = format_doors(doors);
    const std::vector<DoorListed> read = parse_doors(text);
    REQUIRE(read.size() == doors.size());
    for (std::size_t i = 0; i < doors.size(); ++i) {
        CAPTURE(i);
        CHECK(read[i].row == doors[i].row);
        CHECK(read[i].user == doors[i].user);
        CHECK(read[i].command == doors[i].command);
        CHECK(read[i].kind == doors[i].kind);
        CHECK(read[i].address == doors[i].address);
        CHECK(read[i].prefix == doors[i].prefix);
        CHECK(read[i].service == doors[i].service);
        CHECK(read[i].target == doors[i].target);
        CHECK(read[i].claims == doors[i].claims);
        CHECK(read[i].until == doors[i].until);
    }
    CHECK(format_doors(read) == text);
    CHECK(parse_doors(format_doors({})).empty());
}

TEST_CASE("the list is JSON that a script can read, with times in UTC") {
    const nlohmann::json json = nlohmann::json::parse(format_doors(all_sorts()));
    CHECK(json["version"] == 1);
    const nlohmann::json& door = json["doors"][0];
    CHECK(door["row"] == 12);
    CHECK(door["kind"] == "open");
    CHECK(door["address"] == "192.0.2.7");
    CHECK(door["prefix"] == 24);
    CHECK(door["service"] == "22/tcp");
    CHECK(door["until"] == "2027-01-15T08:00:00.123Z");
    CHECK(json["doors"][1]["service"] == "51820/udp");
    CHECK(json["doors"][3]["target"] == "[2001:db8::7]:443");
    CHECK(json["doors"][3]["claims"] == nlohmann::json{"192.0.2.9", "2001:db8::9"});
    CHECK(json["doors"][4]["address"].is_null());
    CHECK_FALSE(json["doors"][4].contains("service"));
}

TEST_CASE("what is no list of doors is an error that says why") {
    for (const std::string bad :
         {"", "nonsense", "[]", "{}", "null", "{\"version\": 1}", "{\"doors\": []}",
          "{\"version\": 2, \"doors\": []}", "{\"version\": \"1\", \"doors\": []}",
          "{\"version\": 1, \"doors\": {}}", "{\"version\": 1, \"doors\": [7]}",
          "{\"version\": 1, \"doors\": [[]]}", "{\"version\": 1, \"doors\": [{}]}",
          "{\"version\": 1, \"doors\": []} and more", "{\"version\": 1, \"doors\": [}"}) {
        CAPTURE(bad);
        CHECK(error_of([&] { (void)parse_doors(bad); }).find("the list of doors is damaged: ") == 0);
    }
    const std::string whole = format_doors(all_sorts());
    for (std::size_t size = 0; size + 2 < whole.size(); ++size) // cut off anywhere
        CHECK(error_of([&] { (void)parse_doors(whole.substr(0, size)); }) != "");
}

TEST_CASE("a door has what its kind has, and each of it makes sense") {
    const DoorListed open = open_door("192.0.2.7", 24), forward = forward_door(50123);
    CHECK(with(open, [](nlohmann::json&) {}) == "");
    for (const char* name : {"row", "user", "command", "kind", "address", "prefix", "service", "until"}) {
        CAPTURE(name);
        CHECK(with(open, [&](nlohmann::json& door) { door.erase(name); }) != "");
        CHECK(with(open, [&](nlohmann::json& door) { door[name] = nlohmann::json::object(); }) != "");
    }
    for (const char* name : {"service", "target", "claims"}) {
        CAPTURE(name);
        CHECK(with(forward, [&](nlohmann::json& door) { door.erase(name); }) != "");
        CHECK(with(forward, [&](nlohmann::json& door) { door[name] = 1; }) != "");
    }
    const std::pair<const char*, nlohmann::json> bad[] = {
        {"row", 0},
        {"row", -1},
        {"row", 1.5},
        {"row", UINT64_MAX},
        {"user", "Anna"},
        {"command", ""},
        {"kind", "close"},
        {"kind", "window"},
        {"address", nullptr},
        {"address", "192.0.2"},
        {"prefix", 0},
        {"prefix", 33},
        {"prefix", 280}, // 24, cut to a byte
        {"service", "22"},
        {"service", "0/tcp"},
        {"until", "2027-01-15T08:00:00Z"},
        {"until", "2027-02-30T08:00:00.000Z"},
        {"until", "2027-01-15T24:00:00.000Z"},
        {"until", "2027-01-15T08:60:00.000Z"},
        {"until", "2027-01-15T08:00:60.000Z"},
        {"until", "2027-01-15T08:00:00.0a0Z"},
        {"until", "1969-12-31T23:59:59.999Z"},
        {"until", "2262-01-01T00:00:00.000Z"},
    };
    for (const auto& each : bad) {
        CAPTURE(each.first);
        CAPTURE(each.second.dump());
        CHECK(with(open, [&](nlohmann::json& door) { door[each.first] = each.second; }) != "");
    }
    CHECK(with(forward, [](nlohmann::json& door) { door["target"] = "localhost:22"; }) != "");
    CHECK(with(forward, [](nlohmann::json& door) { door["claims"] = {"anna"}; }) != "");
    CHECK(with(forward, [](nlohmann::json& door) {
              door["claims"] = {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"};
          }) != "");
    CHECK(with(open_door("2001:db8::1", 128), [](nlohmann::json& door) { door["prefix"] = 129; }) != "");
    CHECK(with(undo(), [](nlohmann::json& door) { door["address"] = "192.0.2.7"; }) == "");
}

TEST_CASE("an open door lets its address in to its service until it closes") {
    const DoorListed door = open_door("192.0.2.7", 32);
    CHECK(may(door, "192.0.2.7"));
    CHECK_FALSE(may(door, "192.0.2.6"));
    CHECK_FALSE(may(door, "2001:db8::7"));
    CHECK_FALSE(may(door, ""));
    CHECK_FALSE(may(door, "192.0.2.7", {Protocol::tcp, 23}));
    CHECK_FALSE(may(door, "192.0.2.7", {Protocol::udp, 22}));
    CHECK(may(door, "192.0.2.7", {Protocol::tcp, 22}, until - 1ns));
    CHECK_FALSE(may(door, "192.0.2.7", {Protocol::tcp, 22}, until));
    CHECK_FALSE(allows({}, address("192.0.2.7"), {Protocol::tcp, 22}, until - 1s));
    CHECK(allows({open_door("192.0.2.9", 32), door}, address("192.0.2.7"), {Protocol::tcp, 22}, until - 1s));
}

TEST_CASE("a prefix widens an open door to just its bits") {
    CHECK(may(open_door("192.0.2.7", 24), "192.0.2.255"));
    CHECK_FALSE(may(open_door("192.0.2.7", 24), "192.0.3.7"));
    CHECK(may(open_door("192.0.2.7", 25), "192.0.2.127"));
    CHECK_FALSE(may(open_door("192.0.2.7", 25), "192.0.2.128"));
    CHECK(may(open_door("192.0.2.7", 31), "192.0.2.6"));
    CHECK_FALSE(may(open_door("192.0.2.7", 31), "192.0.2.5"));
    CHECK(may(open_door("2001:db8:0:1::7", 64), "2001:db8:0:1:ffff::1"));
    CHECK_FALSE(may(open_door("2001:db8:0:1::7", 64), "2001:db8:0:2::7"));
    CHECK(may(open_door("2001:db8::7", 127), "2001:db8::6"));
    CHECK_FALSE(may(open_door("2001:db8::7", 128), "2001:db8::6"));
    CHECK_FALSE(may(open_door("192.0.2.7", 40), "192.0.2.7")); // more bits than there are: not a door at all
    CHECK_FALSE(may(open_door("192.0.2.7", 8), "2001:db8::7"));
    CHECK_FALSE(may(open_door("2001:db8::7", 16), "32.1.13.184")); // the same first bytes
}

TEST_CASE("a forwarding door lets its address in to its own port, or those who claimed it, and nobody else") {
    DoorListed door = forward_door(50123);
    CHECK_FALSE(may(door, "192.0.2.9", {Protocol::tcp, 50123})); // nobody has claimed it yet
    CHECK_FALSE(may(door, "", {Protocol::tcp, 50123}));
    door.address = address("192.0.2.9");
    CHECK(may(door, "192.0.2.9", {Protocol::tcp, 50123}));
    CHECK_FALSE(may(door, "192.0.2.8", {Protocol::tcp, 50123}));
    CHECK_FALSE(may(door, "192.0.2.9", {Protocol::tcp, 443})); // the target's port is no door
    CHECK_FALSE(may(door, "192.0.2.9", {Protocol::udp, 50123}));
    CHECK_FALSE(may(door, "192.0.2.9", {Protocol::tcp, 50123}, until));
    door.claims = {address("192.0.2.1"), address("2001:db8::1")};
    CHECK(may(door, "192.0.2.1", {Protocol::tcp, 50123}));
    CHECK(may(door, "2001:db8::1", {Protocol::tcp, 50123}));
    CHECK_FALSE(may(door, "192.0.2.9", {Protocol::tcp, 50123}));
}

TEST_CASE("an undo that waits lets nobody in") {
    DoorListed door = undo();
    door.address = address("192.0.2.7");
    CHECK_FALSE(may(door, "192.0.2.7"));
    CHECK_FALSE(may(door, "192.0.2.7", Service{}));
    CHECK_FALSE(may(door, "", Service{}));
}
