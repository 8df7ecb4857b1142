#include "knockgen/dynamic/raw_syn.h"

#include "base/promise.h"
#include "net/socket_address.h"

#include <cerrno>
#include <linux/filter.h>
#include <sys/socket.h>

namespace otk {
namespace {

using Segment = std::array<std::uint8_t, 24>;

constexpr std::uint8_t header_words = 6; // of 4 bytes
constexpr std::uint8_t syn_flag = 0x02;
constexpr std::uint16_t window = 64'240;      // what Linux offers at first
constexpr std::uint16_t segment_size = 1'220; // fits into the smallest packet that IPv6 guarantees (RFC 8200)
constexpr std::size_t checksum_offset = 16;

// Writes from front to back; it fits, since every field's size is a constant.
class Writer {
  public:
    explicit Writer(MutableBytes room) : room_(room) {}
    void u8(std::uint32_t number) { room_[at_++] = static_cast<std::uint8_t>(number); }
    void u16(std::uint32_t number) {
        u8(number >> 8);
        u8(number);
    }
    void u32(std::uint32_t number) {
        u16(number >> 16);
        u16(number);
    }

  private:
    MutableBytes room_;
    std::size_t at_ = 0;
};

std::uint32_t sum_of(Bytes bytes) { // an even number of them
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
        sum += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
    return sum;
}

// RFC 9293 section 3.1, with the pseudo-header of RFC 8200 section 8.1, which for so short a segment adds up
// like that of IPv4.
std::uint16_t checksum_of(const SynSegment& syn, const Segment& segment) {
    std::uint32_t sum = sum_of(syn.source.bytes()) + sum_of(syn.destination.bytes()) + IPPROTO_TCP +
                        static_cast<std::uint32_t>(segment.size()) + sum_of(segment);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

Fd open_raw(int family) {
    Fd fd(socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP));
    if (!fd) return fd;
    sock_filter nothing{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0};
    const sock_fprog filter{.len = 1, .filter = &nothing};
    if (setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0) {
        throw system_error("cannot close a raw socket to what comes in");
    }
    return fd;
}

} // namespace

std::array<std::uint8_t, 24> syn_segment(const SynSegment& syn) {
    Segment segment{};
    Writer writer(segment);
    writer.u16(syn.source_port);
    writer.u16(syn.destination_port);
    writer.u32(syn.sequence);
    writer.u32(0); // acknowledges nothing
    writer.u8(header_words << 4);
    writer.u8(syn_flag);
    writer.u16(window);
    writer.u32(0); // checksum, for now, and no urgent data
    writer.u8(2);  // option MSS, of 4 bytes
    writer.u8(4);
    writer.u16(segment_size);
    const std::uint16_t checksum = checksum_of(syn, segment);
    Writer(MutableBytes(segment).subspan(checksum_offset)).u16(checksum);
    return segment;
}

bool RawSyns::permitted() {
    if (open_raw(AF_INET)) return true;
    if (errno == EPERM || errno == EACCES) return false;
    throw system_error("cannot open a raw socket");
}

RawSyns::RawSyns() : ipv4_(open_raw(AF_INET)), ipv6_(open_raw(AF_INET6)) {
    // A system may have been started without one of the families.
    if (!ipv4_ && !ipv6_) throw system_error("cannot open a raw socket");
}

void RawSyns::send(const SynSegment& syn, std::uint32_t scope) const {
    const Fd& fd = syn.destination.family() == Family::ipv6 ? ipv6_ : ipv4_;
    if (!fd) return;
    const auto segment = syn_segment(syn);
    // The source that the checksum was made for, also where the host has several.
    const SocketAddress from = socket_address(syn.source, 0, scope);
    (void)bind(fd.get(), from.get(), from.size);
    const SocketAddress to = socket_address(syn.destination, 0, scope); // raw sockets have no port
    (void)sendto(fd.get(), segment.data(), segment.size(), MSG_DONTWAIT, to.get(), to.size);
}

} // namespace otk
