// The knock grammar (DESIGN 4): what in a packet may be a value, and which address it names. Values
// themselves are read elsewhere (otp/text_form.h), and so is what a request says besides its value
// (lib/request); this part knows sizes and places only, and never allocates.
#pragma once

#include "base/bytes.h"
#include "net/address.h"
#include "net/dns.h"
#include "net/packet.h"
#include "net/request_shape.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace otk {

enum class Carrier : std::uint8_t { udp = 1, icmp = 2, dns = 3 }; // the numbers are stored: never change one
[[nodiscard]] std::string_view name_of(Carrier carrier);          // "udp", "icmp", "dns"

inline constexpr std::size_t largest_payload = 512; // of a udp knock, bytes

enum class Shape : std::uint8_t {
    raw,  // `bytes` are the value, or begin with it: 8 bytes for 64-bit chains, 16 for sha256
    text, // a line: words, hex or base32 with the separators that people use
    label // a DNS label
};

// One place in a packet where a value may stand.
struct Candidate {
    Shape shape{};
    Bytes bytes;              // view into the packet
    Address named;            // none when the knock names no address
    bool only_64_bit = false; // value(8) and address(4) as raw bytes: not for sha256
    bool whole = false;       // raw: the value is all of `bytes`, so its size must match exactly (udp)
    Bytes message;            // the signed knock or dynamic request that the value begins, whole; empty for a
                              // plain knock. `bytes` are then exactly its value.
};

// At most four: udp gives one raw and one text, dns one label or message; an echo request gives either four
// offsets, or a text and offset 0 (a text leaves no room for the stamps that make the other offsets
// necessary, see icmp_candidates).
inline constexpr std::size_t most_candidates = 4;

class Candidates {
  public:
    void add(const Candidate& candidate);
    [[nodiscard]] const Candidate* begin() const { return candidates_.data(); }
    [[nodiscard]] const Candidate* end() const { return candidates_.data() + size_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

  private:
    std::array<Candidate, most_candidates> candidates_{};
    std::size_t size_ = 0;
};

// A text is printable ASCII (or tab) of 8 to 512 bytes with at most one line end (\n or \r\n) behind it.
// Blanks around it fall away; the last word is taken as the named address where it reads as one and something
// stands before it. No form of a value has a colon or three dotted numbers in it, so an address is never part
// of one.
//
// udp: exactly 8 or 16 bytes are raw, and a text is a text; printable 16 bytes are both. What has the shape
// of a signed knock is one (its type byte is not printable, so it is no text).
[[nodiscard]] Candidates udp_candidates(Bytes payload);

// udp, on the port for dynamic mode: what has the shape of its request (P1), and nothing else.
[[nodiscard]] Candidates dynamic_candidates(Bytes payload);

// icmp and icmpv6 echo. The pattern of `ping -p` begins, with its first byte, behind the sender's stamp: at
// offset 16 for iputils and inetutils (0 below -s 16, which then sends no stamp), 8 for FreeBSD, NetBSD and
// macOS, 24 for OpenBSD (struct payload of its ping.c). So raw at 0, 8, 16 and 24, each where at least 8
// bytes are left and none before it begins with the same 8: an 8-byte pattern comes again and again, yet is
// one knock.
//
// Printable payloads carry no stamp (its high bytes are zero): they are a text, and raw at 0 only. A 64-bit
// value is printable as a whole once in 2,800 times, and must not become unreadable by it.
//
// 12 bytes in all are a 64-bit value with an IPv4 address, unless the last 4 repeat the first 4: then the
// sender gave an 8-byte pattern, which ping repeated, and no address.
//
// A payload that has the shape of a signed knock as a whole is one at offset 0; at the others it is read as
// above. One pattern in 2^24 looks so by chance, and only where nobody puts a stamp before it.
[[nodiscard]] Candidates icmp_candidates(Bytes payload);

// dns: the label under the zone: letters, digits, `-` and `_`, 11 (the shortest words) to 63 of them. A
// base32 value of 13 or 26 characters may be followed by `-` and an address, `203-0-113-9` or 32 hex digits
// for IPv6; when what follows is no address, the label is nothing: words have no 13 characters in a row
// without a separator.
[[nodiscard]] Candidates dns_candidates(std::string_view label);

// dns: what stands under the zone, one label or several. Several are a signed knock or nothing: its base32
// (RFC 4648) without padding, cut into labels from left to right. Any case; 0, 1 and 8 are read as O, I and
// B, as everywhere; spare bits are zero. Then `bytes` and `message` are views into `room`.
using RequestRoom = std::array<std::uint8_t, largest_request>;
[[nodiscard]] Candidates dns_candidates(const Below& below, RequestRoom& room);

// The value that a message of lib/net/request_shape.h begins. REQUIRES one.
[[nodiscard]] Candidate value_of_message(Bytes message);

// The bytes that the labels of `front` (wire form) hold together, in `room`; nothing where they are no base32
// of so many bytes in its one form.
[[nodiscard]] std::optional<Bytes> join_labels(Bytes front, RequestRoom& room);

} // namespace otk
