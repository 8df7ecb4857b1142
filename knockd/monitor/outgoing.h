// What the monitor has to say to a child, in order, as fast as the child reads: never waits, because the
// child may be waiting for us.
#pragma once

#include "base/promise.h"
#include "knockd/bundle.h"
#include "knockd/monitor/child.h"
#include "sys/event_loop.h"

#include <cstddef>
#include <deque>

namespace otk {

class Outgoing {
  public:
    Outgoing(EventLoop& loop, Child& child) : loop_(loop), child_(child) {} // both outlive it

    // It leaves with flush().
    template <typename Message>
    void send(const Message& message) {
        ++messages_;
        if (!waiting_.empty() && waiting_.back().add(message)) return;
        promise(waiting_.emplace_back().add(message), "an empty bundle has room for a message");
    }
    // As much as the child takes now; the rest by itself, when it takes more.
    void flush();
    void forget(); // the child has ended: a new one asks again for what it needs

    [[nodiscard]] std::size_t waiting() const { return messages_; }

  private:
    void flush_further();

    EventLoop& loop_;
    Child& child_;
    std::deque<Bundle> waiting_;
    std::size_t messages_ = 0; // in them
    bool blocked_ = false;     // the child is behind, and the loop tells when it can be sent to again
};

} // namespace otk
