// Receives the messages of one channel, one at a time, and hands out only those whose size fits their kind.
#pragma once

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

    enum class Next : std::uint8_t {
        message,
        nothing_yet, // only on a non-blocking channel
        closed,      // the other side has gone
        broken,      // longer than any message, or shorter than a kind
    };
    [[nodiscard]] Next next();

    [[nodiscard]] message::Kind kind() const; // of the message that next() gave

    // The message, if it is of this kind and has exactly its size.
    template <typename Message>
    [[nodiscard]] std::optional<Message> as() const {
        static_assert(std::is_trivially_copyable_v<Message> && sizeof(Message) <= largest);
        Message message;
        if (size_ != sizeof message || kind() != message.kind) return std::nullopt;
        std::memcpy(&message, buffer_.data(), sizeof message);
        return message;
    }

  private:
    static constexpr std::size_t largest = 16384;
    Channel& channel_;
    std::array<std::uint8_t, largest> buffer_{};
    std::size_t size_ = 0;
};

} // namespace otk
