#include "policy/model.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace otk {

namespace {

constexpr std::array all_carriers{Carrier::udp, Carrier::icmp, Carrier::dns};

std::uint8_t bit_of(Carrier carrier) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(carrier));
}

bool stands_in_a_name(char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '.' || c == '_' || c == '-';
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
    }
    return "unknown";
}

std::optional<CommandKind> command_kind_named(std::string_view name) {
    if (name == name_of(CommandKind::exec)) return CommandKind::exec;
    return std::nullopt;
}

std::string_view name_of(AddressRule rule) {
    switch (rule) {
    case AddressRule::knock: return "knock";
    case AddressRule::source: return "source";
    case AddressRule::named: return "named";
    }
    return "unknown";
}

std::optional<AddressRule> address_rule_named(std::string_view name) {
    for (const AddressRule rule : {AddressRule::knock, AddressRule::source, AddressRule::named}) {
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
