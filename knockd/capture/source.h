// Where frames come from: a capture device of libpcap, or a file (DESIGN 4 and 7).
#pragma once

#include "base/clock.h"
#include "knockd/messages.h"
#include "net/packet.h"

#include <functional>
#include <memory>
#include <string>

struct pcap;

namespace otk {

struct Frame {
    Bytes bytes; // valid during the callback
    LinkType link{};
    Time at;
};

class Source {
  public:
    // Opens the interface ("any" for all): incoming packets only, not promiscuous, immediate. Needs
    // CAP_NET_RAW. The filter is set and locked: nothing can widen it again, not even this process. Throws
    // Error.
    static Source live(const std::string& interface, const message::CaptureSetup& setup);
    // Reads a pcap or pcapng file; takes the descriptor. No filter: decode_packet decides alone. Throws
    // Error.
    static Source file(int descriptor);

    [[nodiscard]] int fd() const; // readable when frames wait; live sources only

    // Hands out what waits, at most `most` frames; false at the end of a file. Throws Error when the device
    // fails.
    [[nodiscard]] bool read(int most, const std::function<void(const Frame&)>& take);

    struct Totals {
        std::uint64_t seen = 0;
        std::uint64_t lost = 0; // dropped by the kernel for want of room
    };
    [[nodiscard]] Totals totals() const;

  private:
    struct Close {
        void operator()(pcap* handle) const;
    };
    Source(std::unique_ptr<pcap, Close> handle, std::string name);

    std::unique_ptr<pcap, Close> handle_;
    std::string name_;
    LinkType link_{};
    std::uint64_t seen_ = 0;
};

} // namespace otk
