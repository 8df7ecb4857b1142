// From the configuration to what the children are told.

#include "knockd/monitor/setup.h"
#include "net/dns.h"
#include "tests/unit/sys/helpers.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>

using namespace otk;
using namespace otk::test;

namespace {

struct State {
    TemporaryDirectory directory;
    Places where;
    State() : where(places(directory.path().string())) {
        std::filesystem::create_directories(where.mark.parent_path());
    }
};

std::string error_of(const std::function<void()>& work) {
    try {
        work();
        return {};
    } catch (const Error& error) {
        return error.what();
    }
}

Address address(std::uint8_t last) {
    const std::array<std::uint8_t, 4> bytes{192, 0, 2, last};
    return Address::ipv4(bytes);
}

} // namespace

TEST_CASE("the default configuration, as capture gets it") {
    const State state;
    const message::CaptureSetup setup = capture_setup(Config{}, state.where, false);
    CHECK(setup.kind == message::Kind::capture_setup);
    CHECK(setup.version == message::protocol);
    CHECK_FALSE(setup.offline);
    CHECK(setup.udp);
    CHECK(setup.icmp);
    CHECK_FALSE(setup.dns); // no zone
    CHECK(setup.window == 10);
    CHECK(setup.algorithms == bit(Algorithm::sha256));
    CHECK(setup.port_count == 1);
    CHECK(setup.ports[0] == 62201);
    CHECK(setup.interface_count == 1);
    CHECK(setup.interfaces[0].view() == "any");
    CHECK(setup.zone_count == 0);
    CHECK(setup.run_as.view() == (is_root() ? "otk-capture" : ""));
    CHECK(capture_setup(Config{}, state.where, true).offline);
}

TEST_CASE("everything at its largest fits, in its order") {
    const State state;
    Config config;
    config.accept.window = largest_window;
    config.accept.algorithms = {all_algorithms.begin(), all_algorithms.end()};
    config.udp.ports.clear();
    for (std::size_t i = 0; i < most_ports; ++i)
        config.udp.ports.push_back(static_cast<std::uint16_t>(1000 + i));
    config.capture.interfaces.clear();
    for (std::size_t i = 0; i < most_interfaces; ++i)
        config.capture.interfaces.push_back("interface-name" + std::string(1, static_cast<char>('a' + i)));
    const std::string label(63, 'z');
    for (std::size_t i = 0; i < most_zones; ++i)
        config.dns.zones.push_back(*Zone::parse(label + "." + label + "." + label + "." +
                                                std::string(61, static_cast<char>('a' + i))));
    config.dns.ns = label + ".example";
    for (std::size_t i = 0; i < most_listen_addresses; ++i)
        config.dns.listen.push_back(address(static_cast<std::uint8_t>(i + 1)));
    config.dns.rate = 123;

    const message::CaptureSetup setup = capture_setup(config, state.where, false);
    CHECK(setup.window == 64);
    CHECK(setup.algorithms == 0b11110);
    CHECK(setup.dns);
    CHECK(setup.dns_answer);
    CHECK(setup.dns_rate == 123);
    REQUIRE(setup.port_count == most_ports);
    CHECK(setup.ports[most_ports - 1] == 1000 + most_ports - 1);
    REQUIRE(setup.interface_count == most_interfaces);
    CHECK(setup.interfaces[15].view() == "interface-namep");
    REQUIRE(setup.zone_count == most_zones);
    for (std::size_t i = 0; i < most_zones; ++i)
        CHECK(setup.zones[i].view() == config.dns.zones[i].text());
    CHECK(setup.name_server.view() == config.dns.ns);
    REQUIRE(setup.listen_count == most_listen_addresses);
    CHECK(setup.listen[63] == address(64));
}

TEST_CASE("a name that does not fit is an error, never cut") {
    const State state;
    Config config;
    config.capture.interfaces = {"interface-name-x"}; // 16: IFNAMSIZ holds 15 and a zero
    const std::string told = error_of([&] { (void)capture_setup(config, state.where, false); });
    CHECK(told.find("interface") != std::string::npos);
    CHECK(told.find("interface-name-x") != std::string::npos);
    config = {};
    config.dns.ns = std::string(256, 'n');
    CHECK(error_of([&] { (void)capture_setup(config, state.where, false); }).find("ns") != std::string::npos);
}

TEST_CASE("dns is off without zones and when it is switched off") {
    const State state;
    Config config;
    config.dns.zones.push_back(*Zone::parse("knock.example.org"));
    CHECK(capture_setup(config, state.where, false).dns);
    config.dns.answer = false;
    CHECK(capture_setup(config, state.where, false).dns);
    CHECK_FALSE(capture_setup(config, state.where, false).dns_answer);
    config.dns.enabled = false;
    CHECK_FALSE(capture_setup(config, state.where, false).dns);
}

TEST_CASE("validate gets the mark, the rules and its files as it will see them") {
    const State state;
    Config config;
    config.accept.window = 1;
    config.accept.algorithms = {Algorithm::md5};
    message::ValidateSetup setup = validate_setup(config, state.where, std::nullopt, true);
    CHECK(setup.version == message::protocol);
    CHECK(setup.dry_run);
    CHECK_FALSE(setup.have_mark);
    CHECK(setup.window == 1);
    CHECK(setup.algorithms == bit(Algorithm::md5));
    const Head mark{RowNumber{12}, {1, 2, 3}};
    setup = validate_setup(config, state.where, mark, false);
    CHECK_FALSE(setup.dry_run);
    CHECK(setup.have_mark);
    CHECK(setup.mark == mark);
    if (is_root()) {
        CHECK(setup.run_as.view() == "otk");
        CHECK(setup.root.view() == state.where.state.string());
        CHECK(setup.policy_db.view() == "/policy/policy.db");
        CHECK(setup.ledger_db.view() == "/ledger/ledger.db");
    } else {
        CHECK(setup.run_as.view().empty());
        CHECK(setup.root.view().empty());
        CHECK(setup.policy_db.view() == state.where.policy_db.string());
        CHECK(setup.ledger_db.view() == state.where.ledger_db.string());
    }
}

TEST_CASE("dynamic mode, as both are told of it") {
    const State state;
    CHECK_FALSE(capture_setup(Config{}, state.where, false).dynamic);
    CHECK_FALSE(validate_setup(Config{}, state.where, std::nullopt, false).dynamic);
    Config config;
    config.dynamic.enabled = true;
    config.dynamic.port = 40'001;
    config.accept.clock_skew = std::chrono::seconds{33};
    const message::CaptureSetup capture = capture_setup(config, state.where, false);
    CHECK(capture.dynamic);
    CHECK(capture.dynamic_port == 40'001);
    const message::ValidateSetup validate = validate_setup(config, state.where, std::nullopt, false);
    CHECK(validate.dynamic);
    CHECK(validate.clock_skew == 33);
    CHECK(validate.server_keys.view() ==
          (is_root() ? std::string("/server") : state.where.server_keys.string()));
}

TEST_CASE("a path that does not fit is an error, never cut") {
    const std::string part = "/" + std::string(200, 'd'); // a name that a file may have
    const Places far = places(part + part + part);
    CHECK(error_of([&] { (void)validate_setup(Config{}, far, std::nullopt, false); }).find("too long") !=
          std::string::npos);
}

TEST_CASE("the empty root is made, cannot be written, and is made only once") {
    const State state;
    const mode_t before = ::umask(0077);
    const auto root = empty_root(state.where);
    CHECK(empty_root(state.where) == root);
    ::umask(before);
    struct stat status {};
    REQUIRE(::stat(root.c_str(), &status) == 0);
    CHECK(S_ISDIR(status.st_mode));
    CHECK((status.st_mode & 07777) == 0555);
    CHECK(std::filesystem::is_empty(root));
    const Places nowhere = places(state.directory.path() / "missing");
    CHECK(error_of([&] { (void)empty_root(nowhere); }).find("knockmgr init") != std::string::npos);
}

TEST_CASE("helpers are looked for where OTK_LIBEXEC says first") {
    const TemporaryDirectory directory;
    const auto helper = directory.path() / "knockd-thing";
    REQUIRE(setenv("OTK_LIBEXEC", directory.path().c_str(), 1) == 0);
    CHECK(error_of([] { (void)helper_program("knockd-thing"); }).find("OTK_LIBEXEC") != std::string::npos);
    { std::ofstream(helper) << "x"; }
    CHECK_FALSE(error_of([] { (void)helper_program("knockd-thing"); }).empty()); // not executable
    std::filesystem::permissions(helper, std::filesystem::perms::owner_all);
    CHECK(helper_program("knockd-thing") == helper);
    REQUIRE(unsetenv("OTK_LIBEXEC") == 0);
    CHECK_FALSE(error_of([] { (void)helper_program("knockd-thing"); }).empty());
    CHECK(helper_program("unit-monitor").filename() == "unit-monitor"); // beside this program
}
