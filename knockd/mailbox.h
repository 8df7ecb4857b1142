// Receives the messages of one channel, one at a time, also of those that came together in a Bundle, and
// hands out only those whose size fits their kind.
#pragma once

#include "knockd/bundle.h"
#include "knockd/messages.h"
#include "sys/channel.h"

#include <array>
#include <cstring>
#include <optional>
#include <type_traits>

namespace otk {

class Mailbox {
  public:
    explicit Mailbox(Channel& channel) : channel_(channel) {}
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    enum class Next : std::uint8_t {
        message,
        nothing_yet, // only on a non-blocking channel
        closed,      // the other side has gone
        broken,      // longer than any message, or shorter than a kind; or a bundle that is not one
    };
    [[nodiscard]] Next next();

    // Whether next() has one in hand already, which came with the one before: the channel does not tell, so
    // it must be taken before the channel is waited for.
    [[nodiscard]] bool more() const { return !rest_.empty(); }
    // Those of a sender who broke his contract are not heard.
    void drop_rest() { rest_ = {}; }

    [[nodiscard]] message::Kind kind() const; // of the message that next() gave

    // The message, if it is of this kind and has exactly its size.
    template <typename Message>
    [[nodiscard]] std::optional<Message> as() const {
        static_assert(std::is_trivially_copyable_v<Message> && sizeof(Message) <= Bundle::largest);
        Message message;
        if (message_.size() != sizeof message || kind() != message.kind) return std::nullopt;
        std::memcpy(&message, message_.data(), sizeof message);
        return message;
    }

  private:
    [[nodiscard]] Next next_of_bundle();
    [[nodiscard]] Next broken();

    Channel& channel_;
    std::array<std::uint8_t, Bundle::largest> buffer_{};
    Bytes message_; // in the buffer: what next() gave
    Bytes rest_;    // of a bundle, behind it
};

} // namespace otk
