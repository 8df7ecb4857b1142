#include "net/address.h"

#include "base/promise.h"

#include <algorithm>
#include <arpa/inet.h>
#include <sys/socket.h>

namespace otk {

namespace {

// RFC 4291 section 2.5.5.2: 80 zero bits, 16 one bits, the IPv4 address.
constexpr std::array<std::uint8_t, 12> v4_mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool v4_mapped(Bytes ipv6) {
    return std::equal(v4_mapped_prefix.begin(), v4_mapped_prefix.end(), ipv6.begin());
}

bool all_zero(Bytes bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

// IPv6 ::1, or :: when last is 0.
bool only_last_byte(Bytes ipv6, std::uint8_t last) { return all_zero(ipv6.first(15)) && ipv6.back() == last; }

} // namespace

Address Address::ipv4(std::span<const std::uint8_t, 4> bytes) {
    Address address;
    address.family_ = Family::ipv4;
    std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
    return address;
}

Address Address::ipv6(std::span<const std::uint8_t, 16> bytes) {
    if (v4_mapped(bytes)) return ipv4(bytes.last<4>());
    Address address;
    address.family_ = Family::ipv6;
    std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
    return address;
}

std::optional<Address> Address::parse(std::string_view text) {
    // inet_pton wants a C string, so a text that is too long or holds a zero byte must not get that far.
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.empty() || text.size() >= terminated.size()) return std::nullopt;
    if (text.find('\0') != std::string_view::npos) return std::nullopt;
    std::copy(text.begin(), text.end(), terminated.begin());

    std::array<std::uint8_t, 16> bytes{};
    if (::inet_pton(AF_INET, terminated.data(), bytes.data()) == 1) return ipv4(std::span(bytes).first<4>());
    if (::inet_pton(AF_INET6, terminated.data(), bytes.data()) == 1) return ipv6(bytes);
    return std::nullopt;
}

Bytes Address::bytes() const {
    switch (family_) {
    case Family::none: return {};
    case Family::ipv4: return Bytes(bytes_).first(4);
    case Family::ipv6: return bytes_;
    }
    return {}; // a family from a channel that is none of these; well_formed() says so
}

std::string Address::text() const {
    if (bytes().empty()) return "-";
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = family_ == Family::ipv4 ? AF_INET : AF_INET6;
    const char* made = ::inet_ntop(family, bytes_.data(), text.data(), static_cast<socklen_t>(text.size()));
    promise(made != nullptr, "inet_ntop refused an address");
    return text.data();
}

bool Address::usable() const {
    if (!well_formed() || empty() || loopback()) return false;
    if (family_ == Family::ipv4) {
        const bool this_network = bytes_[0] == 0; // RFC 1122 section 3.2.1.3
        const bool multicast = (bytes_[0] & 0xf0) == 0xe0;
        const bool broadcast = *this == ipv4(std::array<std::uint8_t, 4>{255, 255, 255, 255});
        return !this_network && !multicast && !broadcast;
    }
    const bool multicast = bytes_[0] == 0xff;
    return !multicast && !only_last_byte(bytes_, 0);
}

bool Address::loopback() const {
    if (family_ == Family::ipv4) return bytes_[0] == 127;
    return family_ == Family::ipv6 && only_last_byte(bytes_, 1);
}

bool Address::well_formed() const {
    switch (family_) {
    case Family::none: return all_zero(bytes_);
    case Family::ipv4: return all_zero(Bytes(bytes_).subspan(4));
    case Family::ipv6: return !v4_mapped(bytes_);
    }
    return false;
}

} // namespace otk
