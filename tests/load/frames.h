// Whole Ethernet frames that carry a knock, or garbage of exactly a knock's size, over IPv4. What a frame
// holds depends on its place in the flood and the seed alone, so that a flood can be sent again, or written
// to a file.
#pragma once

#include "base/bytes.h"
#include "net/address.h"
#include "net/dns.h"
#include "otp/value.h"

#include <array>
#include <cstdint>
#include <vector>

namespace otk::load {

using HardwareAddress = std::array<std::uint8_t, 6>;

enum class Carrier : std::uint8_t {
    udp,
    icmp,
    dns,
    text, // udp too: base64 letters, as others' requests look
};

// From whom to whom. With more than one source the frames come in turn from the addresses after `source`.
struct Route {
    HardwareAddress source_hardware{};
    HardwareAddress target_hardware{};
    Address source; // IPv4
    Address target; // IPv4
    std::uint32_t sources = 1;
};

inline constexpr std::size_t largest_frame = 512;

// Sixteen bytes that look random: place `index` of the flood with that seed (splitmix64).
[[nodiscard]] Value garbage(std::uint64_t seed, std::uint64_t index);

// What carries the value, and where to.
struct Shape {
    Carrier carrier = Carrier::udp;
    std::uint16_t port = 62201;
    Zone zone;                 // of dns
    std::size_t text_size = 0; // of text, up to longest_text
};
inline constexpr std::size_t longest_text = 400;

class FrameMaker {
  public:
    // The value stands in the frame as ordinary clients send it: raw over udp; as `ping -p` does at offset 16
    // of 56 bytes over icmp; as one base32 label before the zone over dns. A text is made from it.
    FrameMaker(const Shape& shape, const Route& route);

    // Writes frame number `index` with that value, of 16 bytes, into `room` (largest_frame bytes); returns
    // its length. Allocates nothing.
    std::size_t make(MutableBytes room, std::uint64_t index, const Value& value) const;

  private:
    void put_udp_payload(MutableBytes room, std::uint16_t serial, const Value& value) const;

    Carrier carrier_;
    std::size_t text_size_;
    std::uint32_t first_source_;
    std::uint32_t sources_;
    std::vector<std::uint8_t> template_; // a frame in which only what differs is still to be written
};

} // namespace otk::load
