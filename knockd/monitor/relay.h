// One relay process, knockd-forward, as the monitor sees it. It moves strangers' bytes, so whatever it says
// is doubted.
#pragma once

#include "knockd/forward_messages.h"
#include "knockd/monitor/child.h"
#include "sys/event_loop.h"

#include <chrono>
#include <functional>
#include <vector>

namespace otk {

class Relay {
  public:
    struct Told { // each may end this relay
        std::function<void(const Address& source)> claimed;
        std::function<void(const Address& source)> refused;
        std::function<void()> broken; // it broke its contract, and was killed
    };
    // Starts the process behind the socket that listens already. Throws Error.
    Relay(EventLoop& loop, const message::ForwardSetup& setup, Fd listener, Told told);
    // Hangs up: the process closes the door, lives on until its last connection has ended, and is to be
    // waited for.
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    [[nodiscard]] pid_t pid() const { return child_.pid(); }
    void prolong(std::chrono::milliseconds how_long);

  private:
    void hear();
    [[nodiscard]] bool take_claim(const message::ForwardClaimed& claim);
    [[nodiscard]] bool take_refusal(const message::ForwardRefused& refusal);
    void end_broken();

    EventLoop& loop_;
    Told told_;
    unsigned claims_; // how many may claim the door
    std::vector<Address> claimed_;
    Fd listener_; // as long as there is something left to claim
    unsigned refusals_ = 0;
    Child child_{"knockd-forward", OrphanedHelper::lives_on};
};

} // namespace otk
