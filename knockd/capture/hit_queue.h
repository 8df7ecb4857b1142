// Hits on their way to knockd-validate. Valid knocks may come faster than they can be spent: then they wait
// here, and the rings are read on. In a ring they would be crowded out, by the next packets and by time: a
// block of it is used up every ten milliseconds, however little is in it.
#pragma once

#include "knockd/bundle.h"
#include "knockd/messages.h"
#include "sys/channel.h"
#include "sys/event_loop.h"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace otk {

class HitQueue {
  public:
    static constexpr std::size_t most = 65'536; // some 6 MiB
    // Of the requests that hits came in: with the hits, no more than 10 MiB. Signed knocks of the smallest
    // size reach it with some 38,000 hits, those with the longest arguments with 11,000.
    static constexpr std::size_t most_request_bytes = std::size_t{4} << 20;

    // Both outlive it; the channel is non-blocking.
    HitQueue(EventLoop& loop, Channel& validate) : loop_(loop), validate_(validate) {}

    // Keeps it for flush(), in order, each hit with its request (hit.request_size bytes) right behind it. Not
    // when full().
    void send(const message::Hit& hit, Bytes request = {});
    // Sends as many as there is room for.
    void flush();
    // Likewise, at the end of a turn; what then is left leaves when the loop says that there is room.
    void end_turn();

    [[nodiscard]] std::size_t size() const { return hits_.size(); }
    [[nodiscard]] bool full() const {
        return hits_.size() >= most || requests_.size() > most_request_bytes - largest_request;
    }

  private:
    [[nodiscard]] bool send_some();

    EventLoop& loop_;
    Channel& validate_;
    Bundle bundle_;
    std::deque<message::Hit> hits_;
    std::deque<std::uint8_t> requests_; // of these hits, one behind the other
    bool waits_for_room_ = false;
};

} // namespace otk
