#include "config/readers.h"

#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk {

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
    if (names.size() > 1 && std::find(names.begin(), names.end(), "any") != names.end())
        setting.refuse("names \"any\" and others; \"any\" is all of them, and would read every packet twice");
    config.capture.interfaces = std::move(names);
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

void read_udp_ports(const SettingReader& setting, Config& config) {
    const std::vector<std::uint64_t> ports = setting.numbers(1, 65535, most_ports);
    if (ports.empty()) setting.refuse("is empty; name at least one port, or set enabled = false");
    config.udp.ports.clear();
    for (const std::uint64_t port : ports) {
        config.udp.ports.push_back(static_cast<std::uint16_t>(port));
    }
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

namespace {

// Answers leave from the very address that was asked: the wildcard is none, and a link-local one would need
// its interface.
bool can_be_listened_on(const Address& address) {
    const bool link_local =
        address.family() == Family::ipv6 && address.bytes()[0] == 0xfe && (address.bytes()[1] & 0xc0) == 0x80;
    return (address.usable() || address.loopback()) && !link_local;
}

} // namespace

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

} // namespace otk
