#include "base/fd.h"
#include "base/promise.h"
#include "base/random.h"
#include "knockgen/send/carriers.h"

#include <array>
#include <cerrno>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>
#include <vector>

namespace otk {
namespace {

// RFC 1071: the complement of the sum of all 16-bit words, carries added.
std::uint16_t checksum_of(Bytes bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8U : std::uint32_t{bytes[i]};
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16U);
    return static_cast<std::uint16_t>(~sum);
}

// Of one family. Both kinds of socket take a whole message; for ping sockets the kernel fills in identifier
// and checksum, for raw ones of IPv6 the checksum.
class EchoSocket {
  public:
    EchoSocket(int family, int protocol, std::uint8_t type) : type_(type) {
        open_as(family, SOCK_DGRAM, protocol);
        if (!fd_ && (error_ == EACCES || error_ == EPERM || error_ == EPROTONOSUPPORT))
            open_as(family, SOCK_RAW, protocol);
        system_random(identifier_);
    }

    [[nodiscard]] bool there() const { return static_cast<bool>(fd_); }
    [[nodiscard]] int error() const { return error_; }

    [[nodiscard]] int send(const Target& target, Bytes payload) {
        std::vector<std::uint8_t> message{type_, 0, 0, 0, identifier_[0], identifier_[1], 0, ++sequence_};
        message.insert(message.end(), payload.begin(), payload.end());
        if (type_ == ICMP_ECHO) {
            const std::uint16_t checksum = checksum_of(message);
            message[2] = static_cast<std::uint8_t>(checksum >> 8U);
            message[3] = static_cast<std::uint8_t>(checksum);
        }
        const SocketAddress to = socket_address(target.address, 0, target.scope);
        const ssize_t sent = sendto(fd_.get(), message.data(), message.size(), 0, to.get(), to.size);
        return sent < 0 ? errno : 0;
    }

  private:
    void open_as(int family, int kind, int protocol) {
        fd_ = Fd(socket(family, kind | SOCK_CLOEXEC, protocol));
        error_ = fd_ ? 0 : errno;
    }

    std::uint8_t type_;
    Fd fd_;
    int error_ = 0;
    std::array<std::uint8_t, 2> identifier_{};
    std::uint8_t sequence_ = 0;
};

class EchoCarrier final : public PacketCarrier {
  public:
    EchoCarrier() {
        if (ipv4_.there() || ipv6_.there()) return;
        if (ipv4_.error() != EACCES && ipv4_.error() != EPERM)
            throw system_error("cannot open a socket for echo requests (pings)", ipv4_.error());
        throw Error("this system lets you send no echo requests (pings): ask its administrator for `sysctl "
                    "net.ipv4.ping_group_range='0 2147483647'`, or for `setcap cap_net_raw+ep` on knockgen; "
                    "or knock by udp or dns (--via)");
    }

    int send(const Target& target, Bytes payload) override {
        EchoSocket& socket = target.address.family() == Family::ipv4 ? ipv4_ : ipv6_;
        return socket.there() ? socket.send(target, payload) : EAFNOSUPPORT;
    }

  private:
    EchoSocket ipv4_{AF_INET, IPPROTO_ICMP, ICMP_ECHO};
    EchoSocket ipv6_{AF_INET6, IPPROTO_ICMPV6, ICMP6_ECHO_REQUEST};
};

} // namespace

std::unique_ptr<PacketCarrier> echo_carrier() { return std::make_unique<EchoCarrier>(); }

} // namespace otk
