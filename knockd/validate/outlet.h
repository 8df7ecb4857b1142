// What knockd-validate says, to both sides; all of it arrives, in order, when flush() has returned.
#pragma once

#include "base/promise.h"
#include "knockd/bundle.h"
#include "knockd/messages.h"
#include "sys/channel.h"

#include <span>

namespace otk {

class Outlet {
  public:
    // Both non-blocking, and outlive it.
    Outlet(Channel& monitor, Channel& capture) : monitor_{monitor, {}}, capture_{capture, {}} {}

    // Each waits for room where there is none. Throws Error when knockd has gone.
    template <typename Message>
    void tell_monitor(const Message& message) {
        tell(monitor_, message);
    }
    template <typename Message>
    void tell_capture(const Message& message) {
        tell(capture_, message);
    }
    // Watches, as many as fit into one message; `complete`: with that at their end.
    void tell_watches(std::span<const message::WatchEntry> entries, bool complete);
    // Until then what was said may still be here.
    void flush();

  private:
    struct Side {
        Channel& channel;
        Bundle bundle;
    };
    template <typename Message>
    void tell(Side& side, const Message& message) {
        if (side.bundle.add(message)) return;
        flush(); // of both: the monitor does not wait for capture
        promise(side.bundle.add(message), "an empty bundle has room for a message");
    }
    void send(Side& side);
    void wait_for_room(const Channel& channel);

    Side monitor_;
    Side capture_;
};

} // namespace otk
