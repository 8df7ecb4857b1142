// What the administrator decides: users, commands, grants (DESIGN 2, 10). Plain values; lib/store keeps them.
#pragma once

#include "base/clock.h"
#include "net/address.h"
#include "net/knock.h"

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otk {

// Row numbers of policy.db; never used again after a removal.
enum class UserId : std::int64_t {};
enum class CommandId : std::int64_t {};
enum class GrantId : std::int64_t {};

inline constexpr std::size_t longest_name_of_user = 32; // also of a command, bytes

// Names of users and commands: 1-32 of a-z 0-9 . _ -, beginning with a letter. They stand in argv,
// environment, journal and file names, so nothing that needs quoting is allowed.
[[nodiscard]] bool valid_name(std::string_view name);

struct User {
    UserId id{};
    std::string name;
    bool enabled = true;
};

// The kinds beyond exec are rooms for later work; the store refuses what the daemon cannot do yet.
enum class CommandKind : std::uint8_t { exec };
[[nodiscard]] std::string_view name_of(CommandKind kind);
[[nodiscard]] std::optional<CommandKind> command_kind_named(std::string_view name);

struct Command {
    CommandId id{};
    std::string name;
    bool enabled = true;
    CommandKind kind = CommandKind::exec;
    std::vector<std::string> argv; // argv[0] is an absolute path; whole-argument tokens, see policy/tokens.h
    std::string run_as;            // a user of this system
    std::chrono::seconds time_limit{30};
};

// Which address a knock may have the command act on (DESIGN 4 and 10).
enum class AddressRule : std::uint8_t {
    knock, // default: the packet's source over udp and icmp; a dns knock is refused where the command uses an
           // address
    source, // the packet's source over every carrier, a resolver's over dns included; named ones are refused
    named,  // a named address, or the source where none is named (over dns one must be named)
};
[[nodiscard]] std::string_view name_of(AddressRule rule);
[[nodiscard]] std::optional<AddressRule> address_rule_named(std::string_view name);

// A set of carriers; all by default.
struct Carriers {
    std::uint8_t bits = 0b1110;
    [[nodiscard]] bool contains(Carrier carrier) const {
        return (bits >> static_cast<unsigned>(carrier)) & 1U;
    }
    friend bool operator==(const Carriers&, const Carriers&) = default;
};
[[nodiscard]] std::optional<Carriers> parse_carriers(std::string_view text); // "udp,icmp"
[[nodiscard]] std::string format_carriers(Carriers carriers);

// The rules of one grant; all optional (DESIGN 10).
struct GrantRules {
    std::optional<Time> not_before;
    std::optional<Time> expires_at;
    std::vector<Network> sources; // empty: from anywhere
    AddressRule address = AddressRule::knock;
    std::vector<Network> named_within; // where a named address must lie; empty: anywhere
    Carriers carriers;
};

} // namespace otk
