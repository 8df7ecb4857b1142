// What all messages between knockd's processes have in common: their kinds, the descriptors that carry them,
// texts of bounded length (DESIGN 7; knockd/messages.h says how they are used).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace otk::message {

inline constexpr int monitor_fd = 3;
inline constexpr int peer_fd = 4;
inline constexpr int file_fd = 5;
inline constexpr int last_word_fd = 6; // monitor_fd once more, which a helper keeps to its very end

inline constexpr std::uint32_t protocol = 7; // raise it with every change of a struct

enum class Kind : std::uint32_t {
    capture_setup = 1,
    capture_ready,
    capture_counters,
    validate_setup,
    validate_ready,
    begin,
    watch,
    hit,
    act,
    done,
    output,
    stored,
    report,
    ended,
    validate_counters,
    broken_capture,
    held,
    release,
    released,
    confirm,
    forward_setup,
    forward_prolong,
    forward_claimed,
    forward_refused,
    request,
    expect,
    forget,
    arrived,
    asked,
    reply,
    several, // a Bundle of messages of other kinds
    capture_opened,
    capture_begin,
    last_word,
};

// A text of bounded length; zero-filled.
template <std::size_t capacity>
struct Text {
    std::array<char, capacity> bytes{};
    // Cut to what fits: for texts of a checked configuration, and for messages to people.
    static Text of(std::string_view text) {
        Text out;
        std::copy_n(text.begin(), std::min(text.size(), capacity - 1), out.bytes.begin());
        return out;
    }
    [[nodiscard]] std::string_view view() const {
        return {bytes.data(),
                static_cast<std::size_t>(std::find(bytes.begin(), bytes.end(), '\0') - bytes.begin())};
    }
};

} // namespace otk::message
