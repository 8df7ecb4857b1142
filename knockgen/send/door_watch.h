// Finding out whether a port has opened, by connecting to it.
#pragma once

#include "base/fd.h"
#include "knockgen/destination.h"

#include <chrono>
#include <optional>
#include <vector>

namespace otk {

// Begins a connection to the port at each address several times a second: while the door is shut a firewall
// drops what comes, and the system's own repetition would find it open a second or more too late. Each goes
// on until the end, so that a slow path has its time.
class DoorWatch {
  public:
    DoorWatch(std::vector<Target> targets, std::uint16_t port) : targets_(std::move(targets)), port_(port) {}

    // Whether the port answers before anything was done about it: one attempt at each address. Nothing as
    // soon as all refuse, or when the patience is over. To be called first.
    [[nodiscard]] std::optional<Address> open_already(std::chrono::milliseconds patience);

    // The address that answered, or nothing when the time is over; may be called again.
    [[nodiscard]] std::optional<Address> watch_until(std::chrono::steady_clock::time_point until);

    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    struct Attempt {
        Fd fd;
        Address address;
    };
    void begin_attempts();
    [[nodiscard]] std::optional<Address> wait_for_one(std::chrono::steady_clock::time_point until);

    std::vector<Target> targets_;
    std::uint16_t port_;
    std::vector<Attempt> attempts_;
    std::chrono::steady_clock::time_point next_{}; // when more of them begin
};

} // namespace otk
