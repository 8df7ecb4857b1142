// One end of a SOCK_SEQPACKET pair between two of our processes (DESIGN 7): one message, one struct (or
// several together, knockd/bundle.h), one call. A message of the wrong size or kind is a broken promise of
// the other side; what to do about it is the receiver's rule (knockd/messages.h): the channel only tells.
#pragma once

#include "base/bytes.h"
#include "base/fd.h"

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace otk {

class Channel {
  public:
    explicit Channel(Fd fd) : fd_(std::move(fd)) {}

    // Both ends, close-on-exec, blocking. Throws Error.
    [[nodiscard]] static std::pair<Channel, Channel> make_pair();
    // Larger kernel buffers for a busy channel; bytes, as far as the kernel allows.
    void widen(int bytes);
    void set_nonblocking();

    enum class Sent : std::uint8_t { done, would_block, closed };
    // Sends the whole message or nothing. Never raises SIGPIPE. Throws Error on other failures.
    [[nodiscard]] Sent send(Bytes message);
    template <typename Message>
    [[nodiscard]] Sent send_struct(const Message& message) {
        static_assert(std::is_trivially_copyable_v<Message>);
        return send({reinterpret_cast<const std::uint8_t*>(&message), sizeof message});
    }

    struct Received {
        enum class What : std::uint8_t { message, nothing_yet, closed, too_long } what{};
        std::size_t size = 0; // of the message
    };
    // Into `buffer`; a message that does not fit is dropped and told as too_long (MSG_TRUNC).
    [[nodiscard]] Received receive(MutableBytes buffer);

    // Bytes that were sent to this end and not yet received, by whoever holds it.
    [[nodiscard]] std::size_t waiting() const;

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] Fd release() && { return std::move(fd_); }

  private:
    Fd fd_;
};

} // namespace otk
