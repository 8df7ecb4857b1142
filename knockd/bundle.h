// Several messages in one datagram. Knocks, and what is said about them, come in crowds, and a system call
// and a buffer of the kernel for each message would cost more than most of what is done about it. Whoever
// reads a Mailbox sees no difference.
#pragma once

#include "base/bytes.h"
#include "knockd/message_kinds.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace otk {

// First the kind `several`; then, for each message, its size in 4 bytes of host order and its bytes. A single
// message is sent as it is.
class Bundle {
  public:
    static constexpr std::size_t largest = 16384; // bytes of a datagram, and of any message

    // False, and nothing is added, where there is no room for all of them: they stay together.
    template <typename... Message>
    [[nodiscard]] bool add(const Message&... message) {
        static_assert((std::is_trivially_copyable_v<Message> && ...));
        static_assert((... + (sizeof(Message) + prefix)) + sizeof(message::Kind) <= largest);
        if (size_ + (... + (sizeof message + prefix)) > largest) return false;
        (append({reinterpret_cast<const std::uint8_t*>(&message), sizeof message}), ...);
        return true;
    }
    void clear();

    [[nodiscard]] std::size_t count() const { return count_; } // of messages
    [[nodiscard]] Bytes datagram() const;                      // of at least one message

    // Takes the first message off the rest of a received bundle; empty where that is none.
    [[nodiscard]] static Bytes take_first(Bytes& rest);

  private:
    static constexpr std::size_t prefix = sizeof(std::uint32_t);

    void append(Bytes message);

    std::array<std::uint8_t, largest> buffer_; // as much of it as size_ says
    std::size_t size_ = sizeof(message::Kind);
    std::size_t count_ = 0;
};

} // namespace otk
