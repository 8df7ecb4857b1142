#include "config/keys.h"

#include "base/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace otk {

namespace {

void read_interfaces(const SettingReader& setting, Config& config) {
    constexpr std::size_t longest_interface = 15; // IFNAMSIZ with its zero
    std::vector<std::string> names = setting.texts(most_interfaces);
    if (names.empty()) setting.refuse("is empty; name the interfaces to listen on, or \"any\"");
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string& name = names[i];
        const bool clean =
            std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~' && c != '/'; });
        if (name.empty() || name.size() > longest_interface || !clean) {
            setting.refuse_item(
                i, fmt::format("has '{}', which cannot be an interface's name", printable(name)));
        }
    }
    config.capture.interfaces = std::move(names);
}

void read_window(const SettingReader& setting, Config& config) {
    config.accept.window = static_cast<unsigned>(setting.number(1, largest_window));
}

void read_algorithms(const SettingReader& setting, Config& config) {
    const std::vector<std::string> names = setting.texts(all_algorithms.size());
    if (names.empty()) setting.refuse("is empty; without an algorithm no knock could be accepted");
    config.accept.algorithms.clear();
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto algorithm = algorithm_named(names[i]);
        if (!algorithm) {
            setting.refuse_item(
                i, fmt::format("has '{}', which is none of sha256, sha1, md5 and md4", printable(names[i])));
        }
        config.accept.algorithms.push_back(*algorithm);
    }
}

void read_weak_limit(const SettingReader& setting, Config& config) {
    config.accept.weak_limit = setting.number(0, 1'000'000'000'000);
}

void read_udp_enabled(const SettingReader& setting, Config& config) {
    config.udp.enabled = setting.boolean();
}

void read_ports(const SettingReader& setting, Config& config) {
    const std::vector<std::uint64_t> ports = setting.numbers(1, 65535, most_ports);
    if (ports.empty()) setting.refuse("is empty; name at least one port, or set enabled = false");
    config.udp.ports.clear();
    for (const std::uint64_t port : ports) {
        config.udp.ports.push_back(static_cast<std::uint16_t>(port));
    }
}

void read_icmp_enabled(const SettingReader& setting, Config& config) {
    config.icmp.enabled = setting.boolean();
}

void read_dns_enabled(const SettingReader& setting, Config& config) {
    config.dns.enabled = setting.boolean();
}

void read_zones(const SettingReader& setting, Config& config) {
    const std::vector<std::string> names = setting.texts(most_zones);
    config.dns.zones.clear();
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto zone = Zone::parse(names[i]);
        if (!zone) {
            setting.refuse_item(i, fmt::format("has '{}', which is no domain name; write for example "
                                               "\"knock.example.org\"",
                                               printable(names[i])));
        }
        const bool again = std::any_of(config.dns.zones.begin(), config.dns.zones.end(),
                                       [&](const Zone& other) { return other.text() == zone->text(); });
        if (again) setting.refuse_item(i, fmt::format("has {} twice; drop one of them", zone->text()));
        config.dns.zones.push_back(std::move(*zone));
    }
}

void read_ns(const SettingReader& setting, Config& config) {
    const std::string name = setting.text();
    const auto parsed = Zone::parse(name);
    if (!name.empty() && !parsed) {
        setting.refuse(
            fmt::format("is '{}', which is no domain name; write for example \"ns.example.org\", or \"\" "
                        "for ns.ZONE",
                        printable(name)));
    }
    config.dns.ns = parsed ? parsed->text() : ""; // without final dot
}

void read_answer(const SettingReader& setting, Config& config) { config.dns.answer = setting.boolean(); }

// Answers leave from the very address that was asked: the wildcard is none, and a link-local one would need
// its interface.
bool can_be_listened_on(const Address& address) {
    const bool link_local =
        address.family() == Family::ipv6 && address.bytes()[0] == 0xfe && (address.bytes()[1] & 0xc0) == 0x80;
    return (address.usable() || address.loopback()) && !link_local;
}

void read_listen(const SettingReader& setting, Config& config) {
    const std::vector<std::string> texts = setting.texts(most_listen_addresses);
    config.dns.listen.clear();
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const auto address = Address::parse(texts[i]);
        if (!address) {
            setting.refuse_item(i,
                                fmt::format("has '{}', which is no IPv4 or IPv6 address; write for example "
                                            "\"192.0.2.1\" or \"2001:db8::1\"",
                                            printable(texts[i])));
        }
        if (!can_be_listened_on(*address)) {
            setting.refuse_item(
                i, fmt::format("has {}, which is no address that questions are sent to; name this host's "
                               "addresses one by one, or [] for all of them",
                               address->text()));
        }
        config.dns.listen.push_back(*address);
    }
}

void read_rate(const SettingReader& setting, Config& config) {
    config.dns.rate = static_cast<std::uint32_t>(setting.number(1, 1'000'000));
}

// What useradd takes on every system: it also keeps the name short enough for the messages between processes.
std::string read_account(const SettingReader& setting) {
    std::string name = setting.text();
    const auto stands_in_it = [](char c) {
        return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_';
    };
    const bool clean = !name.empty() && name.size() <= 32 && !is_digit(name.front()) && name.front() != '-' &&
                       std::all_of(name.begin(), name.end(), stands_in_it);
    if (!clean)
        setting.refuse(fmt::format("is '{}', which cannot be a system account's name", printable(name)));
    return name;
}

void read_validate(const SettingReader& setting, Config& config) {
    config.users.validate = read_account(setting);
}

void read_capture(const SettingReader& setting, Config& config) {
    config.users.capture = read_account(setting);
}

void read_running_commands(const SettingReader& setting, Config& config) {
    config.limits.running_commands = static_cast<std::uint32_t>(setting.number(1, 1024));
}

constexpr std::array keys{
    Key{"capture", "interfaces", R"(["any"])",
        "The interfaces to listen on, at most 16; \"any\" is all of them, those that come up later included.",
        read_interfaces},
    Key{"accept", "window", "10",
        "How many numbers below the last accepted one are taken, 1 to 64. With 10, after number 50 those\n"
        "from 49 to 40: nine knocks in a row may get lost, and the tenth still works.",
        read_window},
    Key{"accept", "algorithms", R"(["sha256"])",
        "The algorithms of chains: \"sha256\", and of RFC 2289 \"sha1\", \"md5\" and \"md4\". The latter "
        "have\n"
        "64-bit values, which weak_limit keeps few.",
        read_algorithms},
    Key{"accept", "weak_limit", "100000",
        "The most that (remaining knocks of all enabled 64-bit grants) x window may be. At 100000 a\n"
        "million packets a second hit one of them with a chance of one in 2,100 a day.",
        read_weak_limit},
    Key{"udp", "enabled", "true", "Knocks in udp packets, which nothing has to listen for.",
        read_udp_enabled},
    Key{"udp", "ports", "[62201]", "The destination ports that are looked at, at most 64.", read_ports},
    Key{"icmp", "enabled", "true", "Knocks in echo requests: ping, IPv4 and IPv6.", read_icmp_enabled},
    Key{"dns", "enabled", "true", "Knocks as DNS names. Nothing happens before a zone is named.",
        read_dns_enabled},
    Key{"dns", "zones", "[]",
        "The zones that are delegated to this host, for example [\"knock.example.org\"]; at most 16.\n"
        "Port 53 is bound, and every question under them is answered.",
        read_zones},
    Key{"dns", "ns", R"("")", "This host's name in the NS records of the zones; \"\" is ns.ZONE for each.",
        read_ns},
    Key{"dns", "answer", "true", "false leaves the answering to another name server on this host.",
        read_answer},
    Key{"dns", "listen", "[]",
        "The addresses to answer on, at most 64; [] is every address of the interfaces above except\n"
        "loopback, where a local resolver may sit.",
        read_listen},
    Key{"dns", "rate", "10000", "The most answers a second, 1 to 1000000.", read_rate},
    Key{"users", "validate", R"("otk")", "The system account that decides about knocks and keeps the ledger.",
        read_validate},
    Key{"users", "capture", R"("otk-capture")", "The system account that reads packets.", read_capture},
    Key{"limits", "running_commands", "16", "How many commands may run at the same time, 1 to 1024.",
        read_running_commands},
};

} // namespace

std::span<const Key> all_keys() { return keys; }

} // namespace otk
