#include "base/fd.h"
#include "knockgen/send/carriers.h"

#include <cerrno>
#include <sys/socket.h>

namespace otk {
namespace {

class UdpCarrier final : public PacketCarrier {
  public:
    explicit UdpCarrier(std::uint16_t port) :
        port_(port), ipv4_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
        ipv6_(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}

    int send(const Target& target, Bytes payload) override {
        const Fd& fd = target.address.family() == Family::ipv4 ? ipv4_ : ipv6_;
        if (!fd) return EAFNOSUPPORT;
        const SocketAddress to = socket_address(target.address, port_, target.scope);
        const ssize_t sent = sendto(fd.get(), payload.data(), payload.size(), 0, to.get(), to.size);
        return sent < 0 ? errno : 0;
    }

  private:
    std::uint16_t port_;
    Fd ipv4_; // none where the system lacks the family
    Fd ipv6_;
};

} // namespace

std::unique_ptr<PacketCarrier> udp_carrier(std::uint16_t port) { return std::make_unique<UdpCarrier>(port); }

} // namespace otk
