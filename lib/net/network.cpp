#include "net/address.h"

#include "base/text.h"

#include <algorithm>

namespace otk {

namespace {

// The bits of byte number `index` that a prefix of `bits` covers.
std::uint8_t mask_of(std::size_t index, std::size_t bits) {
    const std::size_t before = 8 * index;
    const std::size_t covered = bits <= before ? 0 : std::min<std::size_t>(bits - before, 8);
    return static_cast<std::uint8_t>(0xff00U >> covered);
}

} // namespace

std::optional<Network> Network::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::string_view address = text.substr(0, slash);
    const auto base = Address::parse(address);
    if (!base) return std::nullopt;
    // The bits of ::ffff:10.0.0.0/104 count from another start than those of the IPv4 address it would
    // become.
    if (base->family() == Family::ipv4 && address.find(':') != std::string_view::npos) return std::nullopt;

    const Bytes bytes = base->bytes();
    std::size_t bits = 8 * bytes.size();
    if (slash != std::string_view::npos) {
        const auto number = parse_decimal(text.substr(slash + 1), bits);
        if (!number) return std::nullopt;
        bits = static_cast<std::size_t>(*number);
    }
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if ((bytes[i] & ~mask_of(i, bits)) != 0) return std::nullopt;
    }
    Network network;
    network.base_ = *base;
    network.bits_ = static_cast<std::uint8_t>(bits);
    return network;
}

bool Network::contains(const Address& address) const {
    if (base_.empty() || address.family() != base_.family()) return false;
    const Bytes wanted = base_.bytes();
    const Bytes asked = address.bytes();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if ((asked[i] & mask_of(i, bits_)) != wanted[i]) return false;
    }
    return true;
}

std::string Network::text() const {
    const bool one_address = bits_ == 8 * base_.bytes().size();
    return one_address ? base_.text() : base_.text() + "/" + std::to_string(bits_);
}

} // namespace otk
