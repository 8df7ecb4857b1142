#include "config/config.h"

#include "config/keys.h"
#include "tests/unit/config/faults.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

namespace {

// Every field of the configuration as text, so that two of them can be compared.
std::string all_of(const Config& config) {
    std::string text;
    const auto add = [&text](const auto& value) {
        if constexpr (std::is_convertible_v<decltype(value), std::string>) {
            text += value;
        } else {
            text += std::to_string(value);
        }
        text += ';';
    };
    for (const std::string& name : config.capture.interfaces)
        add(name);
    add(config.accept.window);
    for (const Algorithm algorithm : config.accept.algorithms)
        add(static_cast<int>(algorithm));
    add(config.accept.weak_limit);
    add(config.accept.clock_skew.count());
    add(config.udp.enabled);
    for (const std::uint16_t port : config.udp.ports)
        add(port);
    add(config.icmp.enabled);
    add(config.dns.enabled);
    for (const Zone& zone : config.dns.zones)
        add(zone.text());
    add(config.dns.ns);
    add(config.dns.answer);
    for (const Address& address : config.dns.listen)
        add(address.text());
    add(config.dns.rate);
    add(config.dns.confirm);
    add(config.dynamic.enabled);
    add(config.dynamic.port);
    add(config.forward.ports.low);
    add(config.forward.ports.high);
    add(std::string(name_of(config.firewall.mode)));
    add(config.firewall.table);
    add(config.firewall.set4);
    add(config.firewall.set6);
    for (const Network& network : config.firewall.always_allow)
        add(network.text());
    add(config.ledger.keep.count());
    add(config.ledger.output_keep.count());
    add(config.users.validate);
    add(config.users.capture);
    add(config.users.forward);
    add(config.limits.running_commands);
    add(config.limits.doors);
    for (const std::string& argument : config.alerts.command)
        add(argument);
    add(config.alerts.run_as);
    for (const std::string& kind : config.alerts.on)
        add(kind);
    add(config.alerts.per_hour);
    add(config.alerts.few_left);
    add(config.alerts.silence.count());
    add(config.alerts.passphrase_age.count());
    add(config.alerts.flood);
    add(config.metrics.file.string());
    return text;
}

} // namespace

TEST_CASE("an empty file and the default file are the default configuration") {
    CHECK(all_of(parse_config("", "otk.toml")) == all_of(Config{}));
    CHECK(all_of(parse_config(default_config_text(), "otk.toml")) == all_of(Config{}));
}

TEST_CASE("the default file has every key once, with an explanation") {
    const std::string text = default_config_text();
    std::set<std::pair<std::string, std::string>> seen;
    for (const Key& key : all_keys()) {
        CAPTURE(key.name);
        CHECK(seen.emplace(key.section, key.name).second);
        CHECK_FALSE(key.comment.empty());
        CHECK(text.find("\n" + std::string(key.name) + " = " + std::string(key.written_default) + "\n") !=
              std::string::npos);
    }
}

TEST_CASE("every key reaches the configuration") {
    const Config config = parse_config(R"(
[capture]
interfaces = ["eth0", "wg0"]
[accept]
window = 64
algorithms = ["sha1", "sha256"]
weak_limit = 5
clock_skew = "10m"
[udp]
enabled = false
ports = [1, 65535]
[icmp]
enabled = false
[dns]
enabled = false
zones = ["knock.example.org", "Other.Example."]
ns = "ns1.example.org"
answer = false
listen = ["192.0.2.1", "2001:db8::1"]
rate = 7
confirm = false
[dynamic]
enabled = true
port = 65535
[forward]
ports = "1024-1024"
[firewall]
mode = "sets"
table = "my.table"
set4 = "_v4"
set6 = "v6"
always_allow = ["192.0.2.0/24", "2001:db8::7"]
[ledger]
keep = "730d"
output_keep = "forever"
[users]
validate = "judge"
capture = "_ears"
forward = "relay"
[limits]
running_commands = 3
doors = 4096
[alerts]
command = ["/usr/bin/tell", "-v", "-v", "{text}"]
run_as = "root"
on = ["used", "guard-lost"]
per_hour = 5
few_left = 0
silence = "2h"
passphrase_age = "never"
flood = 1
[metrics]
file = "/var/lib/node/otk.prom"
[state]
readable_by = "adm"
)",
                                       "otk.toml");
    CHECK(config.state.readable_by == "adm");
    CHECK(config.capture.interfaces == std::vector<std::string>{"eth0", "wg0"});
    CHECK(config.accept.window == 64);
    CHECK(config.accept.algorithms == std::vector{Algorithm::sha1, Algorithm::sha256});
    CHECK(config.accept.weak_limit == 5);
    CHECK(config.accept.clock_skew == std::chrono::minutes{10});
    CHECK(config.dynamic.enabled);
    CHECK(config.dynamic.port == 65535);
    CHECK_FALSE(config.udp.enabled);
    CHECK(config.udp.ports == std::vector<std::uint16_t>{1, 65535});
    CHECK_FALSE(config.icmp.enabled);
    CHECK_FALSE(config.dns.enabled);
    REQUIRE(config.dns.zones.size() == 2);
    CHECK(config.dns.zones[1].text() == "other.example");
    CHECK(config.dns.ns == "ns1.example.org");
    CHECK_FALSE(config.dns.answer);
    CHECK(config.dns.listen.size() == 2);
    CHECK(config.dns.rate == 7);
    CHECK_FALSE(config.dns.confirm);
    CHECK(config.forward.ports == PortRange{1024, 1024});
    CHECK(config.firewall.mode == FirewallMode::sets);
    CHECK(config.firewall.table == "my.table");
    CHECK(config.firewall.set4 == "_v4");
    CHECK(config.firewall.set6 == "v6");
    REQUIRE(config.firewall.always_allow.size() == 2);
    CHECK(config.firewall.always_allow[1].text() == "2001:db8::7");
    CHECK(config.ledger.keep == std::chrono::hours{730 * 24});
    CHECK(config.ledger.output_keep.count() == 0);
    CHECK(config.users.validate == "judge");
    CHECK(config.users.capture == "_ears");
    CHECK(config.users.forward == "relay");
    CHECK(config.limits.running_commands == 3);
    CHECK(config.limits.doors == 4096);
    CHECK(config.alerts.command == std::vector<std::string>{"/usr/bin/tell", "-v", "-v", "{text}"});
    CHECK(config.alerts.run_as == "root");
    CHECK(config.alerts.on == std::vector<std::string>{"used", "guard-lost"});
    CHECK(config.alerts.per_hour == 5);
    CHECK(config.alerts.few_left == 0);
    CHECK(config.alerts.silence == std::chrono::hours{2});
    CHECK(config.alerts.passphrase_age.count() == 0);
    CHECK(config.alerts.flood == 1);
    CHECK(config.metrics.file == "/var/lib/node/otk.prom");
}

TEST_CASE("slips are pointed at") {
    CHECK(says("[accept]\nwidnow = 3\n", "2:1", "unknown key 'widnow' in [accept]; did you mean 'window'?"));
    CHECK(says("[acept]\nwindow = 3\n", "1:2", "did you mean [accept]?"));
    CHECK(says("[zzzzzz]\n", "1:2", "the sections are capture, accept"));
    CHECK(says("[accept]\n  colour = 3\n", "2:3", "its keys are window, algorithms, weak_limit"));
    CHECK(says("window = 3\n", "1:1", "under [accept]"));
    CHECK(says("colour = 3\n", "1:1", "the sections are"));
    CHECK(says("[accept]\nwindow = = 3\n", "2:10", "value"));
    CHECK(says("[accept]\nwindow = 3\nwindow = 4\n", "3:10", "window"));
    CHECK(says("[accept.window]\n", "1:1", "it should be a number"));
    CHECK(says("[accept]\n\"wi\\u0007ndow\" = 3\n", "2:1", "wi\\x07ndow"));
}

TEST_CASE("what the parser itself would abort at is an error like all others") {
    for (const char* text : {"[[[\n", "[[[", "[[a\n", "[[[[[[[[\n", "[", "[[", "a = [[[\n"}) {
        CAPTURE(text);
        CHECK_THROWS_AS((void)parse_config(text, "otk.toml"), Error);
    }
}

TEST_CASE("the first mistake in the file is the one reported") {
    CHECK(says("[udp]\nzorts = [1]\n[accept]\nalgos = []\n", "2:1", "zorts"));
}

TEST_CASE("wrong types and numbers out of range are refused at the value") {
    CHECK(says("[accept]\nwindow = 0\n", "2:10", "from 1 to 64"));
    CHECK(says("[accept]\nwindow = 65\n", "2:10", "is 65"));
    CHECK(says("[accept]\nwindow = -1\n", "2:10", "is -1"));
    CHECK(says("[accept]\nwindow = \"3\"\n", "2:10", "is a text; it should be a number"));
    CHECK(says("[accept]\nwindow = 3.5\n", "2:10", "fraction"));
    CHECK(says("[accept]\nwindow = [3]\n", "2:10", "is a list"));
    CHECK(says("[accept]\nwindow = 2026-01-01\n", "2:10", "a date"));
    CHECK(says("[udp]\nenabled = 1\n", "2:11", "true or false"));
    CHECK(says("[udp]\nports = 62201\n", "2:9", "in brackets"));
    CHECK(says("[udp]\nports = [62201, 65536]\n", "2:17", "from 1 to 65535"));
    CHECK(says("[udp]\nports = [62201, 62201]\n", "2:17", "twice"));
    CHECK(says("[udp]\nports = []\n", "2:9", "empty"));
    CHECK(says("[users]\nvalidate = 3\n", "2:12", "a text"));
}

TEST_CASE("values that mean nothing are refused") {
    CHECK(says("[accept]\nalgorithms = [\"sha256\", \"sha3\"]\n", "2:25", "'sha3'"));
    CHECK(says("[accept]\nalgorithms = []\n", "2:14", "empty"));
    CHECK(says("[capture]\ninterfaces = []\n", "2:14", "empty"));
    CHECK(says("[capture]\ninterfaces = [\"sixteen-letters-\"]\n", "2:15", "interface"));
    CHECK(says("[capture]\ninterfaces = [\"a b\"]\n", "2:15", "interface"));
    CHECK(says("[dns]\nzones = [\"a..b\"]\n", "2:10", "no domain name"));
    CHECK(says("[dns]\nzones = [\"a.b\", \"A.B.\"]\n", "2:17", "twice"));
    CHECK(says("[dns]\nns = \"-\\n\"\n", "2:6", "-\\x0a"));
    CHECK(says("[dns]\nlisten = [\"192.0.2.300\"]\n", "2:11", "no IPv4 or IPv6 address"));
    CHECK(says("[users]\nvalidate = \"\"\n", "2:12", "account"));
    CHECK(says("[users]\ncapture = \"Otk\"\n", "2:11", "account"));
}

TEST_CASE("more items than the processes can pass on are refused") {
    std::string ports = "[udp]\nports = [";
    for (unsigned port = 1; port <= most_ports; ++port)
        ports += std::to_string(port) + ", ";
    CHECK(fault_of(ports + "]\n") == "accepted");
    CHECK(says(ports + "65]\n", "2:9", "at most 64"));
}

TEST_CASE("a file that is not there says so") {
    try {
        (void)load_config("/nonexistent/otk.toml");
        FAIL("loaded a file that does not exist");
    } catch (const Error& fault) {
        CHECK(std::string(fault.what()).find("/nonexistent/otk.toml: No such file") != std::string::npos);
    }
}

TEST_CASE("a file is read from disk under its own name") {
    const auto file =
        std::filesystem::temp_directory_path() / ("otk-config-test-" + std::to_string(getpid()) + ".toml");
    std::ofstream(file) << "[accept]\nwindow = 12\n";
    const unsigned window = load_config(file).accept.window;
    std::ofstream(file) << "[accept]\nwindow = 99\n";
    std::string fault;
    try {
        (void)load_config(file);
    } catch (const Error& error) {
        fault = error.what();
    }
    std::filesystem::remove(file);
    CHECK(window == 12);
    CHECK(fault.rfind(file.string() + ":2:10: ", 0) == 0);
}

TEST_CASE("where things are: the option wins over OTK_DIR, which wins over the system") {
    unsetenv("OTK_DIR");
    CHECK(places("").config == "/etc/otk/otk.toml");
    CHECK(places("").policy_db == "/var/lib/otk/policy/policy.db");
    setenv("OTK_DIR", "/one", 1);
    CHECK(places("").config == "/one/otk.toml");
    CHECK(places("/two").ledger_db == "/two/ledger/ledger.db");
    CHECK(places("/two").mark == "/two/monitor/mark");
    CHECK(places("/two").doors == "/two/monitor/doors.json");
    CHECK(places("/two").started_undos == "/two/monitor/undo");
    CHECK(places("three").state == std::filesystem::current_path() / "three");
    unsetenv("OTK_DIR");
}
