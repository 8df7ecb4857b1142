// The knock grammar (DESIGN 4): what in a packet may be a value, and which address it names. Values themselves
// are read elsewhere (otp/text_form.h); this part knows sizes and places only, and never allocates.
#pragma once

#include "base/bytes.h"
#include "net/address.h"
#include "net/packet.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace otk {

enum class Carrier : std::uint8_t { udp = 1, icmp = 2, dns = 3 }; // the numbers are stored: never change one
[[nodiscard]] std::string_view name_of(Carrier carrier); // "udp", "icmp", "dns"

inline constexpr std::size_t largest_payload = 512; // of a udp knock, bytes

enum class Shape : std::uint8_t {
    raw,  // `bytes` are the value, or begin with it: 8 bytes for 64-bit chains, 16 for sha256
    text, // a line: words, hex or base32 with the separators that people use
    label // a DNS label
};

// One place in a packet where a value may stand.
struct Candidate {
    Shape shape{};
    Bytes bytes;   // view into the packet
    Address named; // none when the knock names no address
    bool only_64_bit = false; // value(8) and address(4) as raw bytes: not for sha256
    bool whole = false;       // raw: the value is all of `bytes`, so its size must match exactly (udp)
};

class Candidates {
  public:
    void add(const Candidate& candidate);
    [[nodiscard]] const Candidate* begin() const { return candidates_.data(); }
    [[nodiscard]] const Candidate* end() const { return candidates_.data() + size_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

  private:
    std::array<Candidate, 4> candidates_{};
    std::size_t size_ = 0;
};

// udp: exactly 8 or 16 bytes are raw; printable ASCII of 8 to 512 bytes with at most one line end (\n or \r\n) is a
// text, whose last word is taken as the named address where it reads as one (then also the whole text stays a
// candidate only if the rest would be empty).
[[nodiscard]] Candidates udp_candidates(Bytes payload);

// icmp and icmpv6 echo: text as for udp; else raw at offsets 16, 8 and 0 (iputils and inetutils stamp the first 16
// bytes when -s is 16 or more, BSD the first 8), each where at least 8 bytes are left; 12 bytes in all are also a
// 64-bit value with an IPv4 address.
[[nodiscard]] Candidates icmp_candidates(Bytes payload);

// dns: the label under the zone; a base32 value of 13 or 26 characters may be followed by `-` and an address,
// `203-0-113-9` or 32 hex digits for IPv6.
[[nodiscard]] Candidates dns_candidates(std::string_view label);

} // namespace otk
