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

// What a knock triggers (DESIGN 9).
enum class CommandKind : std::uint8_t {
    exec,    // a program is run, and perhaps another one (`undo`) when the hold is over
    open,    // a port of this host is let through for one address
    forward, // a port that the knock determines leads to `target` (DESIGN 6, last paragraph)
    close,   // ends the user's doors and holds of the command `closes`
};
[[nodiscard]] std::string_view name_of(CommandKind kind);
[[nodiscard]] std::optional<CommandKind> command_kind_named(std::string_view name);

enum class Protocol : std::uint8_t { tcp = 6, udp = 17 }; // IANA's numbers, as in packets and nftables
[[nodiscard]] std::string_view name_of(Protocol protocol);

// "22/tcp"; the port is 1 to 65535.
struct Service {
    Protocol protocol = Protocol::tcp;
    std::uint16_t port = 0;
    // NOLINTNEXTLINE(modernize-use-nullptr): the 0 is the compiler's own, in what it makes of this
    friend auto operator<=>(const Service&, const Service&) = default;
};
[[nodiscard]] std::optional<Service> parse_service(std::string_view text); // PORT/tcp or PORT/udp
[[nodiscard]] std::string format_service(const Service& service);

// Where a forwarding door leads: "127.0.0.1:22", "[2001:db8::7]:22". Addresses that nobody can be reached at
// (unspecified, multicast, broadcast) are refused; loopback is not.
struct Endpoint {
    Address address;
    std::uint16_t port = 0;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text);
[[nodiscard]] std::string format_endpoint(const Endpoint& endpoint);

inline constexpr std::chrono::seconds longest_hold{7 * 24 * 3600};

// Fields that a kind does not use are empty or as they stand here.
struct Command {
    CommandId id{};
    std::string name;
    bool enabled = true;
    CommandKind kind = CommandKind::exec;
    // exec
    std::vector<std::string> argv; // argv[0] is an absolute path; whole-argument tokens, see policy/tokens.h
    std::vector<std::string> undo; // likewise; empty: nothing is undone
    std::string run_as;            // a user of this system; runs argv and undo
    std::string argument;          // the pattern that a knock's argument must match (policy/argument.h);
                                   // empty: it takes none
    std::chrono::seconds time_limit{30};
    bool leave_running = false; // what argv or undo started lives on when that ends with exit code 0
    // exec with undo, open, forward: how long; 1 s to longest_hold. 0 for all others.
    std::chrono::seconds hold{0};
    // open
    Service service;
    std::uint8_t prefix4 = 32;  // how much around the address is let in, for those behind changing addresses:
    std::uint8_t prefix6 = 128; // 8 to 32 bits and 16 to 128 bits
    // forward
    Endpoint target;
    // close
    CommandId closes{};
};

// Does it last: open, forward, and exec with undo. What lasts has a row in the ledger's table `hold`.
[[nodiscard]] bool lasts(const Command& command);

// Which address a knock may have the command act on (DESIGN 4 and 10).
enum class AddressRule : std::uint8_t {
    knock, // default: the packet's source over udp and icmp; a dns knock is refused where the command uses an
           // address
    source, // the packet's source over every carrier, a resolver's over dns included; named ones are refused
    named,  // a named address, or the source where none is named (over dns one must be named)
    claim,  // forward commands only: the first `claims` sources that connect to the door; named ones are
            // refused
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

// A span of the week in which knocks pass, in the grant's time zone: "mon-fri 08:00-18:00".
struct Hours {
    std::uint8_t days = 0b111'1111; // bit 0 is Monday; the day on which the span begins
    std::uint16_t from = 0;         // minutes since midnight, by the clock on the wall
    std::uint16_t to = 24 * 60;     // not included; not above `from`: it ends on the following day
    friend bool operator==(const Hours&, const Hours&) = default;
};
inline constexpr std::size_t most_hours = 32; // spans of one grant
// "mon-fri 08:00-18:00", "sat,sun 10:00-12:00", "daily 22:00-06:00", "mon" (the whole day), "08:00-18:00".
// In any case of letters; hours of one or two digits; "fri-mon" goes over the end of the week; 24:00 is an
// end. format_hours() writes each Hours in one way, which parse_hours() reads as the same.
[[nodiscard]] std::optional<Hours> parse_hours(std::string_view text);
[[nodiscard]] std::string format_hours(const Hours& hours);

// What clocks on the wall show somewhere.
struct LocalTime {
    std::uint8_t weekday = 0; // 0 is Monday
    std::uint16_t minute = 0; // since midnight, 0 to 1439
};
[[nodiscard]] bool within(const std::vector<Hours>& hours, const LocalTime& time); // true when there are none

inline constexpr unsigned most_claims = 4;

// The rules of one grant; all optional (DESIGN 10).
struct GrantRules {
    std::optional<Time> not_before;
    std::optional<Time> expires_at;
    std::vector<Network> sources; // empty: from anywhere
    AddressRule address = AddressRule::knock;
    std::vector<Network> named_within; // where a named address must lie; empty: anywhere
    Carriers carriers;
    std::vector<Hours> hours;   // empty: always
    std::string time_zone;      // of `hours`, a name of the IANA time zone database; empty: UTC
    std::uint32_t per_hour = 0; // accepted knocks within the last 3,600 s; 0: any number
    std::uint32_t per_day = 0;  // within the last 86,400 s
    std::uint8_t claims = 1;    // with AddressRule::claim: 1 to most_claims
    // Of a grant whose enrolment has a public key (DESIGN 5 and 6); without one they mean nothing.
    bool plain = false;           // knocks without a signature are accepted, too
    bool no_clock = false;        // a signed request may have no time
    bool ignore_sequence = false; // dynamic: the SYNs' sequence numbers are not compared (--isn ignore)
};

} // namespace otk
