// What `knockgen send` was asked to do, checked against what the profile says that the server takes: a knock
// that would be refused is spent all the same, so it is refused here first.
#pragma once

#include "knockgen/arguments.h"
#include "knockgen/next_number.h"
#include "knockgen/profiles.h"
#include "net/knock.h"

#include <optional>
#include <string>

namespace otk {

enum class Resolver : std::uint8_t { system, direct, given };
enum class AddressChoice : std::uint8_t {
    automatic, // our own on the way to the server, where the server can use it
    source,    // none: the server takes where the packet comes from
    given
};

struct SendOptions {
    NamedProfile named;
    Carrier carrier{};
    bool plain = false;  // the value alone, not signed
    unsigned copies = 3; // spread over a second; 1 to 10
    Wanted wanted;       // which knock
    AddressChoice address_choice{};
    Address address; // where it is given
    std::string argument;
    bool no_clock = false;
    Resolver resolver{};
    Address resolver_address; // where it is given
    bool wait = false;
    std::optional<std::uint16_t> wait_port; // none: the profile's
    bool dry_run = false;
    bool json = false;
    // The options by which the same number is sent again, as they stand on a command line: all that were
    // given, and all but those that say the way.
    std::string again;
    std::string again_any_way;

    [[nodiscard]] const Profile& profile() const { return named.profile; }
};

// Throws UsageError for what cannot be meant, Error for what the profile does not allow.
[[nodiscard]] SendOptions send_options(const Arguments& arguments);

} // namespace otk
