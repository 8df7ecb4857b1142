// What knockd-validate says, to both sides; all of it arrives, in order.
#pragma once

#include "knockd/messages.h"
#include "sys/channel.h"

#include <span>

namespace otk {

class Outlet {
  public:
    // Both non-blocking, and outlive it.
    Outlet(Channel& monitor, Channel& capture) : monitor_(monitor), capture_(capture) {}

    // Waits for room where there is none. Throws Error when knockd has gone.
    template <typename Message>
    void tell_monitor(const Message& message) {
        while (monitor_.send_struct(message) == Channel::Sent::would_block)
            wait_for_room(monitor_);
    }
    template <typename Message>
    void tell_capture(const Message& message) {
        while (capture_.send_struct(message) == Channel::Sent::would_block)
            wait_for_room(capture_);
    }
    // Watches, as many as fit into one message; `complete`: with that at their end.
    void tell_watches(std::span<const message::WatchEntry> entries, bool complete);

  private:
    void wait_for_room(const Channel& channel);

    Channel& monitor_;
    Channel& capture_;
};

} // namespace otk
