// Where frames go: out of an interface, or into a pcap file.
#pragma once

#include "base/bytes.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace otk::load {

class Outlet {
  public:
    Outlet() = default;
    Outlet(const Outlet&) = delete;
    Outlet& operator=(const Outlet&) = delete;
    virtual ~Outlet() = default;

    // Room for the next frame, largest_frame bytes; call put() with its length when it is written, and then
    // room() again for the one after. At most batch frames wait for flush().
    virtual MutableBytes room() = 0;
    virtual void put(std::size_t length) = 0;
    // Hands over what was put. Frames that the kernel did not take are counted, not sent again. Throws Error
    // when the kernel refuses in a way that will not pass, or when the file cannot be written.
    virtual void flush() = 0;

    static constexpr std::size_t batch = 64;
    [[nodiscard]] std::uint64_t not_taken() const { return not_taken_; }

  protected:
    std::uint64_t not_taken_ = 0;
};

// Needs CAP_NET_RAW; goes round the queueing discipline (PACKET_QDISC_BYPASS).
[[nodiscard]] std::unique_ptr<Outlet> send_from(unsigned interface_index);

// The file is made anew. Its time stamps begin at a fixed moment and follow each other by `interval`, so that
// the same flood gives the same file.
[[nodiscard]] std::unique_ptr<Outlet> write_pcap(const std::string& path, std::chrono::nanoseconds interval);

} // namespace otk::load
