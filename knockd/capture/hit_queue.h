// Hits on their way to knockd-validate. Valid knocks may come faster than they can be spent: then they wait
// here, and the rings are read on. In a ring they would be crowded out, by the next packets and by time: a
// block of it is used up every ten milliseconds, however little is in it.
#pragma once

#include "knockd/messages.h"
#include "sys/channel.h"
#include "sys/event_loop.h"

#include <cstddef>
#include <deque>

namespace otk {

class HitQueue {
  public:
    static constexpr std::size_t most = 65'536; // some 6 MiB

    // Both outlive it; the channel is non-blocking.
    HitQueue(EventLoop& loop, Channel& validate) : loop_(loop), validate_(validate) {}

    // Sends it, or keeps it until there is room: in order. Not when full().
    void send(const message::Hit& hit);
    // As many as there is room for.
    void flush();

    [[nodiscard]] std::size_t size() const { return hits_.size(); }
    [[nodiscard]] bool full() const { return hits_.size() >= most; }

  private:
    EventLoop& loop_;
    Channel& validate_;
    std::deque<message::Hit> hits_;
    bool waits_for_room_ = false;
};

} // namespace otk
