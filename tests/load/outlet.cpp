#include "tests/load/outlet.h"

#include "base/fd.h"
#include "base/promise.h"
#include "tests/load/frames.h"

#include <array>
#include <cerrno>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

namespace otk::load {

namespace {

// A queue that is full for the moment, not a refusal.
bool passes(int error) { return error == ENOBUFS || error == EAGAIN || error == EINTR; }

Fd packet_socket() {
    // Protocol 0: receives nothing.
    Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    if (!socket) throw system_error("cannot open a packet socket (it takes CAP_NET_RAW)");
    const int on = 1;
    if (setsockopt(socket.get(), SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) != 0) {
        throw system_error("cannot go round the queueing discipline");
    }
    return socket;
}

void bind_to(const Fd& socket, unsigned interface_index) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(interface_index);
    if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw system_error("cannot bind a packet socket to the interface");
    }
}

// sendmmsg in batches. A ring shared with the kernel (PACKET_TX_RING) was tried: over a veth it took 1.67 us
// a packet where this takes 1.57, since the kernel's way of a packet is nearly all of it.
class Messages : public Outlet {
  public:
    explicit Messages(unsigned interface_index) : socket_(packet_socket()) {
        bind_to(socket_, interface_index);
        for (std::size_t i = 0; i < batch; ++i) {
            parts_[i].iov_base = frames_[i].data();
            messages_[i].msg_hdr.msg_iov = &parts_[i];
            messages_[i].msg_hdr.msg_iovlen = 1;
        }
    }

    MutableBytes room() override {
        promise(waiting_ < batch, "more frames than a batch holds");
        return frames_[waiting_];
    }
    void put(std::size_t length) override { parts_[waiting_++].iov_len = length; }
    void flush() override {
        std::size_t done = 0;
        while (done < waiting_) {
            const int sent =
                sendmmsg(socket_.get(), &messages_[done], static_cast<unsigned>(waiting_ - done), 0);
            if (sent > 0) {
                done += static_cast<std::size_t>(sent);
            } else if (passes(errno)) {
                ++not_taken_;
                ++done;
            } else {
                throw system_error("cannot send");
            }
        }
        waiting_ = 0;
    }

  private:
    Fd socket_;
    std::array<std::array<std::uint8_t, largest_frame>, batch> frames_{};
    std::array<iovec, batch> parts_{};
    std::array<mmsghdr, batch> messages_{};
    std::size_t waiting_ = 0;
};

} // namespace

std::unique_ptr<Outlet> send_from(unsigned interface_index) {
    return std::make_unique<Messages>(interface_index);
}

} // namespace otk::load
