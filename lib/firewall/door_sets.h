// Elements of nftables sets by nfnetlink, in this process (DESIGN 9): address . protocol . port with a
// timeout, so that the kernel closes a door even when every process is dead.
#pragma once

#include "net/address.h"
#include "policy/model.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace otk {

// Who may pass, and where to.
struct Door {
    Address address;
    std::uint8_t prefix = 0; // of the address's family: 32 and 128 for exactly it
    Service service;
    friend auto operator<=>(const Door&, const Door&) = default;
};

// Where the elements go: a table of family inet and its sets. The set for a shorter prefix has its own name,
// because a hash set knows no ranges: see set_name.
struct SetNames {
    std::string table;
    std::string set4;
    std::string set6;
};
// "otk4" for /32, "otk4_24" for /24; likewise for IPv6 ("otk6" for /128).
[[nodiscard]] std::string set_name(const SetNames& names, const Address& address, std::uint8_t prefix);

// The address with all bits after the first `prefix` ones zero: what stands in the set for that prefix.
[[nodiscard]] Address masked(const Address& address, std::uint8_t prefix);

class DoorSets {
  public:
    explicit DoorSets(SetNames names); // throws Error where nfnetlink cannot be had
    DoorSets(DoorSets&&) noexcept;
    DoorSets& operator=(DoorSets&&) noexcept;
    ~DoorSets();

    [[nodiscard]] const SetNames& names() const;

    // Lets in for so long from now on, also where it is in already: one batch, so that there is no gap.
    // Throws Error that says which table and set and what to do; `no_table` tells a missing table or set
    // apart from other troubles.
    enum class Added : std::uint8_t { done, no_table };
    [[nodiscard]] Added add(const Door& door, std::chrono::milliseconds timeout);
    // Nothing happens when it is not there. Throws Error for other troubles.
    void remove(const Door& door);

    // The same for maps address . port -> port of redirections (ruleset.h); the door's prefix and protocol do
    // not count.
    [[nodiscard]] Added add(const Door& door, std::uint16_t to, std::chrono::milliseconds timeout);
    void remove_redirection(const Door& door);

  private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

} // namespace otk
