// One handle of libpcap: a ring that the kernel fills, behind a locked filter, or a capture file (DESIGN 4
// and 7).
#pragma once

#include "base/clock.h"
#include "knockd/messages.h"
#include "net/packet.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>

struct pcap;

namespace otk {

struct Frame {
    Bytes bytes; // valid during the callback
    LinkType link{};
    Time at;
};

class Ring {
  public:
    enum class Kind : std::uint8_t {
        early, // a slot for each frame, readable at once (TPACKET_V2)
        blocks // many frames in a block, readable when it is full or block_timeout has passed (TPACKET_V3)
    };
    // The longest that a frame waits in a block. The kernel adds a clock tick of its own.
    static constexpr std::chrono::milliseconds block_timeout{10};

    // Opens the interface ("any" for all): incoming packets only, not promiscuous. Needs CAP_NET_RAW. The
    // filter is set and locked: nothing can widen it again, not even this process. `bytes` of memory are
    // resident from here on. Throws Error.
    static Ring live(const std::string& interface, const message::CaptureSetup& setup, Kind kind, int bytes);
    // Reads a pcap or pcapng file; takes the descriptor. No filter: decode_packet decides alone. Throws
    // Error.
    static Ring file(int descriptor);

    [[nodiscard]] int fd() const; // readable when frames wait; live rings only

    // Hands out what waits, at most `most` frames, and says how many. Fewer than `most`: the ring was empty
    // at that moment, or the file is at its end. A system call only when the ring is found empty at once.
    // Throws Error when the device fails.
    template <typename Take>
    int read(int most, Take&& take) {
        using Function = std::remove_reference_t<Take>;
        return read_with(
            most, [](void* context, const Frame& frame) { (*static_cast<Function*>(context))(frame); },
            &take);
    }
    // Throws away what waits.
    void discard();

    // How many packets found no room since it was opened, modulo 2^32. 0 for a file.
    [[nodiscard]] std::uint32_t dropped();

  private:
    struct Close {
        void operator()(pcap* handle) const;
    };
    Ring(std::unique_ptr<pcap, Close> handle, std::string name);
    int read_with(int most, void (*take)(void* context, const Frame& frame), void* context);

    std::unique_ptr<pcap, Close> handle_;
    std::string name_;
    LinkType link_{};
    bool nanoseconds_;
    std::uint32_t dropped_ = 0;
};

} // namespace otk
