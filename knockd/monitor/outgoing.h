// What the monitor has to say to a child, in order, as fast as the child reads: never waits, because the
// child may be waiting for us.
#pragma once

#include "knockd/monitor/child.h"
#include "sys/event_loop.h"

#include <cstdint>
#include <deque>
#include <type_traits>
#include <vector>

namespace otk {

class Outgoing {
  public:
    Outgoing(EventLoop& loop, Child& child) : loop_(loop), child_(child) {} // both outlive it

    template <typename Message>
    void send(const Message& message) {
        static_assert(std::is_trivially_copyable_v<Message>);
        const auto* begin = reinterpret_cast<const std::uint8_t*>(&message);
        waiting_.emplace_back(begin, begin + sizeof message);
        if (!blocked_) flush();
    }
    void forget() {
        waiting_.clear();
        blocked_ = false;
    } // the child has ended: a new one asks again for what it needs

    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); } // messages

  private:
    void flush();

    EventLoop& loop_;
    Child& child_;
    std::deque<std::vector<std::uint8_t>> waiting_;
    bool blocked_ = false; // the child is behind, and the loop tells when it can be sent to again
};

} // namespace otk
