#include "policy/model.h"

#include "base/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::array all_carriers{Carrier::udp, Carrier::icmp, Carrier::dns};

std::uint8_t bit_of(Carrier carrier) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(carrier));
}

bool stands_in_a_name(char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '.' || c == '_' || c == '-';
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const std::optional<std::uint64_t> port = parse_decimal(text, 65'535);
    if (!port || *port == 0) return std::nullopt;
    return static_cast<std::uint16_t>(*port);
}

} // namespace

bool valid_name(std::string_view name) {
    if (name.empty() || name.size() > longest_name_of_user) return false;
    if (name.front() < 'a' || name.front() > 'z') return false;
    return std::all_of(name.begin(), name.end(), stands_in_a_name);
}

std::string_view name_of(CommandKind kind) {
    switch (kind) {
    case CommandKind::exec: return "exec";
    case CommandKind::open: return "open";
    case CommandKind::forward: return "forward";
    case CommandKind::close: return "close";
    }
    return "unknown";
}

std::optional<CommandKind> command_kind_named(std::string_view name) {
    for (const CommandKind kind :
         {CommandKind::exec, CommandKind::open, CommandKind::forward, CommandKind::close}) {
        if (name == name_of(kind)) return kind;
    }
    return std::nullopt;
}

std::string_view name_of(Protocol protocol) {
    switch (protocol) {
    case Protocol::tcp: return "tcp";
    case Protocol::udp: return "udp";
    }
    return "unknown";
}

std::optional<Service> parse_service(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const std::optional<std::uint16_t> port = parse_port(text.substr(0, slash));
    if (!port) return std::nullopt;
    for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
        if (text.substr(slash + 1) == name_of(protocol)) return Service{protocol, *port};
    }
    return std::nullopt;
}

std::string format_service(const Service& service) {
    return fmt::format("{}/{}", service.port, name_of(service.protocol));
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::optional<std::uint16_t> port = parse_port(text.substr(colon + 1));
    std::string_view host = text.substr(0, colon);
    // Without brackets nobody could say where an IPv6 address ends, and with them it can be nothing else.
    const bool brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (brackets) host = host.substr(1, host.size() - 2);
    const std::optional<Address> address = Address::parse(host);
    if (!port || !address) return std::nullopt;
    if (brackets != (address->family() == Family::ipv6)) return std::nullopt;
    if (!address->usable() && !address->loopback()) return std::nullopt;
    return Endpoint{*address, *port};
}

std::string format_endpoint(const Endpoint& endpoint) {
    const std::string host = endpoint.address.text();
    if (endpoint.address.family() == Family::ipv6) return fmt::format("[{}]:{}", host, endpoint.port);
    return fmt::format("{}:{}", host, endpoint.port);
}

bool lasts(const Command& command) {
    switch (command.kind) {
    case CommandKind::exec: return !command.undo.empty();
    case CommandKind::open:
    case CommandKind::forward: return true;
    case CommandKind::close: return false;
    }
    return false;
}

std::string_view name_of(AddressRule rule) {
    switch (rule) {
    case AddressRule::knock: return "knock";
    case AddressRule::source: return "source";
    case AddressRule::named: return "named";
    case AddressRule::claim: return "claim";
    }
    return "unknown";
}

std::optional<AddressRule> address_rule_named(std::string_view name) {
    for (const AddressRule rule :
         {AddressRule::knock, AddressRule::source, AddressRule::named, AddressRule::claim}) {
        if (name == name_of(rule)) return rule;
    }
    return std::nullopt;
}

std::optional<Carriers> parse_carriers(std::string_view text) {
    Carriers carriers{0};
    for (const std::string_view name : split(text, ',')) {
        const auto* const carrier = std::find_if(all_carriers.begin(), all_carriers.end(),
                                                 [name](Carrier known) { return name_of(known) == name; });
        if (carrier == all_carriers.end()) return std::nullopt;
        carriers.bits = static_cast<std::uint8_t>(carriers.bits | bit_of(*carrier));
    }
    return carriers;
}

std::string format_carriers(Carriers carriers) {
    std::string text;
    for (const Carrier carrier : all_carriers) {
        if (!carriers.contains(carrier)) continue;
        if (!text.empty()) text += ',';
        text += name_of(carrier);
    }
    return text;
}

} // namespace otk
