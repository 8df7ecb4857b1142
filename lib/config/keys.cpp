#include "config/keys.h"

#include "config/readers.h"

#include <array>

namespace otk {

namespace {

using namespace std::chrono_literals;

std::uint32_t number_of(const SettingReader& setting, std::uint32_t smallest, std::uint32_t largest) {
    return static_cast<std::uint32_t>(setting.number(smallest, largest));
}

constexpr std::array keys{
    Key{"capture", "interfaces", R"(["any"])",
        "The interfaces to listen on, at most 16; \"any\" is all of them, those that come up later included.",
        read_interfaces},
    Key{"accept", "window", "10",
        "How many numbers below the last accepted one are taken, 1 to 64. With 10, after number 50 those\n"
        "from 49 to 40: nine knocks in a row may get lost, and the tenth still works.",
        [](const SettingReader& setting, Config& config) {
            config.accept.window = static_cast<unsigned>(setting.number(1, largest_window));
        }},
    Key{"accept", "algorithms", R"(["sha256"])",
        "The algorithms of chains: \"sha256\", and of RFC 2289 \"sha1\", \"md5\" and \"md4\". The latter "
        "have\n"
        "64-bit values, which weak_limit keeps few.",
        read_algorithms},
    Key{"accept", "weak_limit", "100000",
        "The most that (remaining knocks of all enabled 64-bit grants) x window may be. At 100000 a\n"
        "million packets a second hit one of them with a chance of one in 2,100 a day.",
        [](const SettingReader& setting, Config& config) {
            config.accept.weak_limit = setting.number(0, 1'000'000'000'000);
        }},
    Key{"accept", "clock_skew", R"("60s")",
        "How far the time of a signed knock may lie from this host's, \"1s\" to \"10m\". Whoever holds a\n"
        "signed knock back can still use it for so long.",
        [](const SettingReader& setting, Config& config) {
            config.accept.clock_skew = read_duration(setting, 1s, "", 10min);
        }},
    Key{"udp", "enabled", "true", "Knocks in udp packets, which nothing has to listen for.",
        [](const SettingReader& setting, Config& config) { config.udp.enabled = setting.boolean(); }},
    Key{"udp", "ports", "[62201]", "The destination ports that are looked at, at most 64.", read_udp_ports},
    Key{"icmp", "enabled", "true", "Knocks in echo requests: ping, IPv4 and IPv6.",
        [](const SettingReader& setting, Config& config) { config.icmp.enabled = setting.boolean(); }},
    Key{"dns", "enabled", "true", "Knocks as DNS names. Nothing happens before a zone is named.",
        [](const SettingReader& setting, Config& config) { config.dns.enabled = setting.boolean(); }},
    Key{"dns", "zones", "[]",
        "The zones that are delegated to this host, for example [\"knock.example.org\"]; at most 16.\n"
        "Port 53 is bound, and every question under them is answered.",
        read_zones},
    Key{"dns", "ns", R"("")", "This host's name in the NS records of the zones; \"\" is ns.ZONE for each.",
        read_ns},
    Key{"dns", "answer", "true", "false leaves the answering to another name server on this host.",
        [](const SettingReader& setting, Config& config) { config.dns.answer = setting.boolean(); }},
    Key{"dns", "confirm", "true",
        "Who repeats the name of a knock within a minute and asks for TXT is told what became of it:\n"
        "\"open 50123 27s\", \"refused outside hours\", \"done 0\". Nobody else learns that there is an\n"
        "answer.",
        [](const SettingReader& setting, Config& config) { config.dns.confirm = setting.boolean(); }},
    Key{"dns", "listen", "[]",
        "The addresses to answer on, at most 64; [] is every address of the interfaces above except\n"
        "loopback, where a local resolver may sit.",
        read_listen},
    Key{"dns", "rate", "10000", "The most answers a second, 1 to 1000000.",
        [](const SettingReader& setting, Config& config) {
            config.dns.rate = number_of(setting, 1, 1'000'000);
        }},
    Key{"dynamic", "enabled", "false",
        "Dynamic mode: `knockgen dynamic` asks for a forward command's door with signed and encrypted\n"
        "packets and is told on which port it opened. Needs a server key, which `knockmgr init` made.",
        [](const SettingReader& setting, Config& config) { config.dynamic.enabled = setting.boolean(); }},
    Key{"dynamic", "port", "62201", "The udp port that its packets go to; it may be one of the knock ports.",
        [](const SettingReader& setting, Config& config) {
            config.dynamic.port = static_cast<std::uint16_t>(setting.number(1, 65535));
        }},
    Key{"forward", "ports", R"("61000-65534")",
        "Forwarding doors open on a port of this range, which the knock determines. Keep it clear of\n"
        "net.ipv4.ip_local_port_range. Sheets that were printed before a change show the old ports.",
        read_forward_ports},
    Key{"firewall", "mode", R"("guard")",
        "\"guard\": a table of our own, inet otk, shuts the ports of all open commands once\n"
        "`knockmgr guard on` was said. \"sets\": doors are elements of sets in your own ruleset, see\n"
        "`knockmgr command show`. \"none\": nftables is left alone.",
        read_firewall_mode},
    Key{"firewall", "table", R"("filter")", "Mode \"sets\": your table, of family inet.",
        [](const SettingReader& setting, Config& config) { config.firewall.table = read_nft_name(setting); }},
    Key{"firewall", "set4", R"("otk4")",
        "Mode \"sets\": your set for IPv4, and with _24 appended the one for --prefix4 24, and so on.",
        [](const SettingReader& setting, Config& config) { config.firewall.set4 = read_nft_name(setting); }},
    Key{"firewall", "set6", R"("otk6")", "Mode \"sets\": the same for IPv6.",
        [](const SettingReader& setting, Config& config) { config.firewall.set6 = read_nft_name(setting); }},
    Key{"firewall", "always_allow", "[]",
        "Mode \"guard\": networks that are never shut out, for example [\"192.0.2.0/24\"]; at most 64.",
        read_always_allow},
    Key{"ledger", "keep", R"("forever")",
        "How long the record of what happened is kept: \"forever\", or for example \"730d\"; at least a day.",
        [](const SettingReader& setting, Config& config) {
            config.ledger.keep = read_duration(setting, 24h, "forever");
        }},
    Key{"ledger", "output_keep", R"("90d")",
        "How long the output of commands is kept: \"forever\" or a duration of at least an hour.",
        [](const SettingReader& setting, Config& config) {
            config.ledger.output_keep = read_duration(setting, 1h, "forever");
        }},
    Key{"users", "validate", R"("otk")", "The system account that decides about knocks and keeps the ledger.",
        [](const SettingReader& setting, Config& config) { config.users.validate = read_account(setting); }},
    Key{"users", "capture", R"("otk-capture")", "The system account that reads packets.",
        [](const SettingReader& setting, Config& config) { config.users.capture = read_account(setting); }},
    Key{"users", "forward", R"("otk-forward")", "The system account of the relays of forwarding doors.",
        [](const SettingReader& setting, Config& config) { config.users.forward = read_account(setting); }},
    Key{"limits", "running_commands", "16", "How many commands may run at the same time, 1 to 1024.",
        [](const SettingReader& setting, Config& config) {
            config.limits.running_commands = number_of(setting, 1, 1024);
        }},
    Key{"limits", "doors", "256",
        "How many doors, and commands to be undone, may be open at once, 1 to 4096.",
        [](const SettingReader& setting, Config& config) {
            config.limits.doors = number_of(setting, 1, 4096);
        }},
    Key{"alerts", "command", "[]",
        "What is run for an alert: the absolute path of a program and its arguments. [] is no alerts.\n"
        "Arguments that are exactly {alert}, {user}, {command}, {carrier}, {source}, {address}, {text} or\n"
        "{held_back} are replaced; the same stands in the environment as OTK_ALERT, OTK_TEXT and so on.",
        read_alert_command},
    Key{"alerts", "run_as", R"("nobody")", "The system account that runs it.",
        [](const SettingReader& setting, Config& config) { config.alerts.run_as = read_account(setting); }},
    Key{"alerts", "on",
        "[\"replay\", \"late\", \"contested\", \"refused\", \"silence\", \"few-left\", \"exhausted\",\n"
        "      \"old-passphrase\", \"interrupted\", \"flood-begun\", \"flood-ended\", \"child-crashed\",\n"
        "      \"guard-lost\"]",
        "What to be told. Besides these there is \"used\": every knock that was accepted.", read_alert_kinds},
    Key{"alerts", "per_hour", "20",
        "The most alerts within an hour, 1 to 3600, and one of a kind for the same user and command in a\n"
        "minute. \"contested\" is counted by itself: as many again, and of one user at most a quarter.\n"
        "What is held back is counted, and the next alert says how many.",
        [](const SettingReader& setting, Config& config) {
            config.alerts.per_hour = number_of(setting, 1, 3600);
        }},
    Key{"alerts", "few_left", "10", "\"few-left\" when no more knocks than this are left, 0 to 1000000.",
        [](const SettingReader& setting, Config& config) {
            config.alerts.few_left = number_of(setting, 0, 1'000'000);
        }},
    Key{"alerts", "silence", R"("90d")", "\"silence\" when a grant is used after so long without a knock.",
        [](const SettingReader& setting, Config& config) {
            config.alerts.silence = read_duration(setting, 1h, "");
        }},
    Key{"alerts", "passphrase_age", R"("365d")",
        "\"old-passphrase\" when a chain is used that was enrolled longer ago; \"never\" is no limit.",
        [](const SettingReader& setting, Config& config) {
            config.alerts.passphrase_age = read_duration(setting, 24h, "never");
        }},
    Key{"alerts", "flood", "10000",
        "\"flood-begun\" at more packets a second than this that are no knock, 1 to 100000000.",
        [](const SettingReader& setting, Config& config) {
            config.alerts.flood = number_of(setting, 1, 100'000'000);
        }},
    Key{"metrics", "file", R"("")",
        "Counters for Prometheus, for example \"/var/lib/prometheus/node-exporter/otk.prom\": a file in the\n"
        "folder of node_exporter's textfile collector, which reads names that end in .prom. \"\" is none.",
        read_metrics_file},
    Key{"state", "readable_by", R"("")",
        "The group that may read what is open, for whom, and how knockd is (doors.json and status.json), "
        "such\n"
        "as \"adm\"; \"root\" is root alone. \"\" is everybody.",
        [](const SettingReader& setting, Config& config) {
            config.state.readable_by = setting.text().empty() ? "" : read_account(setting);
        }},
};

} // namespace

std::span<const Key> all_keys() { return keys; }

} // namespace otk
