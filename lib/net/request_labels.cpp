// Signed knocks in DNS names: base32 across labels (DESIGN 5).
#include "net/knock.h"

namespace otk {

namespace {

constexpr unsigned bits_of_digit = 5;

// RFC 4648 section 6, in any case, and with the digits that people take for letters.
std::optional<std::uint8_t> base32_digit(std::uint8_t octet) {
    if (octet >= 'a' && octet <= 'z') return static_cast<std::uint8_t>(octet - 'a');
    if (octet >= 'A' && octet <= 'Z') return static_cast<std::uint8_t>(octet - 'A');
    if (octet >= '2' && octet <= '7') return static_cast<std::uint8_t>(octet - '2' + 26);
    if (octet == '0') return base32_digit('o');
    if (octet == '1') return base32_digit('i');
    if (octet == '8') return base32_digit('b');
    return std::nullopt;
}

// Turns digits into bytes, as many as there is room for.
class Decoder {
  public:
    explicit Decoder(MutableBytes room) : room_(room) {}

    [[nodiscard]] bool take(std::uint8_t octet) {
        const auto digit = base32_digit(octet);
        if (!digit) return false;
        held_ = (held_ << bits_of_digit | *digit) & 0xfff; // at most 7 bits wait, and 5 come
        held_bits_ += bits_of_digit;
        if (held_bits_ < 8) return true;
        held_bits_ -= 8;
        if (size_ == room_.size()) return false;
        room_[size_++] = static_cast<std::uint8_t>(held_ >> held_bits_);
        return true;
    }

    // Nothing when bits are set that belong to no byte, or when there is a digit too many.
    [[nodiscard]] std::optional<Bytes> all() const {
        const unsigned spare = held_ & ((1U << held_bits_) - 1);
        if (spare != 0 || held_bits_ >= bits_of_digit) return std::nullopt;
        return Bytes(room_.first(size_));
    }

  private:
    MutableBytes room_;
    std::size_t size_ = 0;
    unsigned held_ = 0;
    unsigned held_bits_ = 0; // of them not yet in a byte
};

} // namespace

std::optional<Bytes> join_labels(Bytes front, RequestRoom& room) {
    Decoder decoder(room);
    Reader reader(front);
    while (const auto length = reader.u8()) {
        const auto label = reader.take(*length);
        if (!label) return std::nullopt;
        for (const std::uint8_t octet : *label) {
            if (!decoder.take(octet)) return std::nullopt;
        }
    }
    return decoder.all();
}

Candidates dns_candidates(const Below& below, RequestRoom& room) {
    if (below.labels <= 1) return dns_candidates(below.label);
    Candidates candidates;
    const auto message = join_labels(below.front, room);
    if (message && looks_signed(*message)) candidates.add(value_of_message(*message));
    return candidates;
}

} // namespace otk
