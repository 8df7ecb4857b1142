// The sockets that DNS answers leave from (DESIGN 4, "DNS is answered"): one for each address, bound to port
// 53 with a locked filter that lets nothing in. Questions are read by the capture source like every packet;
// these only send.
#pragma once

#include "base/clock.h"
#include "base/fd.h"
#include "knockd/capture/confirmations.h"
#include "knockd/messages.h"
#include "net/dns.h"
#include "net/packet.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace otk {

class Answering {
  public:
    // Binds the addresses of the set-up, or all of its interfaces' except loopback. An address that cannot be
    // bound is left out and named in `troubles`, with the program that holds it. Needs CAP_NET_BIND_SERVICE,
    // and root for that name.
    Answering(const message::CaptureSetup& setup, std::vector<std::string>& troubles);

    // Answers the question that the packet holds when it asks about one of the zones; called for every packet
    // to port 53, before anything is looked up. Returns where its name stands under the zone; views into the
    // packet. A question for TXT or ANY that repeats a knock is told what became of it. `now` only rises;
    // `wall_clock` is what deadlines are compared with.
    [[nodiscard]] std::optional<Below> handle(const Packet& packet, std::chrono::nanoseconds now,
                                              Time wall_clock);

    // What became of a knock. Nothing happens where the configuration does not want it.
    void confirm(const message::Confirm& confirm, std::chrono::nanoseconds now);

    [[nodiscard]] std::size_t addresses() const { return sockets_.size(); } // from which it answers
    // Is there a socket to send from? All of them are lowest_sending_fd or higher.
    [[nodiscard]] bool sends() const { return !sockets_.empty(); }

    std::uint64_t answered = 0;
    std::uint64_t not_answered = 0; // over the rate, to an address without socket, or the kernel would not

  private:
    struct Socket {
        Address address;
        std::uint32_t scope = 0; // interface index of a link-local address
        Fd fd;
    };
    [[nodiscard]] bool within_rate(std::chrono::nanoseconds now);
    void answer(const Packet& packet, const Question& question, const Below& below,
                std::chrono::nanoseconds now, Time wall_clock);

    bool answers_;
    bool confirms_;
    Confirmations confirmations_;
    std::uint32_t rate_;
    std::vector<Zone> zones_;
    std::vector<ZoneData> data_;
    std::vector<Socket> sockets_;
    std::chrono::nanoseconds second_began_{};
    std::uint32_t in_this_second_ = 0;
};

} // namespace otk
