// IPv4 and IPv6 addresses and networks.
#pragma once

#include "base/bytes.h"

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace otk {

// The numbers cross process borders and stand in signed messages (DESIGN 5).
enum class Family : std::uint8_t { none = 0, ipv4 = 4, ipv6 = 6 };

// Trivially copyable. An IPv4 address uses the first 4 bytes, the rest is zero; none is all zero. An
// IPv4-mapped IPv6 address never arises: every maker of an Address turns it into IPv4 or refuses it.
class Address {
  public:
    Address() = default; // none
    [[nodiscard]] static Address ipv4(std::span<const std::uint8_t, 4> bytes);
    [[nodiscard]] static Address ipv6(std::span<const std::uint8_t, 16> bytes); // v4-mapped becomes IPv4
    // Dotted quad or RFC 4291 text, without scope, port or brackets; nothing for all else.
    [[nodiscard]] static std::optional<Address> parse(std::string_view text);

    [[nodiscard]] Family family() const { return family_; }
    [[nodiscard]] bool empty() const { return family_ == Family::none; }
    [[nodiscard]] Bytes bytes() const;      // 0, 4 or 16
    [[nodiscard]] std::string text() const; // RFC 5952; "-" for none

    // Can a door be opened for it: not unspecified, loopback, multicast, broadcast or none (DESIGN 5).
    [[nodiscard]] bool usable() const;
    [[nodiscard]] bool loopback() const;
    // What came over a channel may hold any byte: a known family, zero where unused, not v4-mapped.
    [[nodiscard]] bool well_formed() const;

    friend bool operator==(const Address&, const Address&) = default;
    // NOLINTNEXTLINE(modernize-use-nullptr): the 0 is the compiler's own, in what it makes of this
    friend auto operator<=>(const Address&, const Address&) = default;

  private:
    Family family_ = Family::none;
    std::array<std::uint8_t, 16> bytes_{};
};

// ADDRESS/BITS, or an address alone for exactly it. Host bits must be zero: 10.0.0.1/8 is refused as a likely
// slip.
class Network {
  public:
    [[nodiscard]] static std::optional<Network> parse(std::string_view text);
    [[nodiscard]] bool contains(const Address& address) const;
    [[nodiscard]] std::string text() const;

    friend bool operator==(const Network&, const Network&) = default;

  private:
    Address base_;
    std::uint8_t bits_ = 0;
};

} // namespace otk
