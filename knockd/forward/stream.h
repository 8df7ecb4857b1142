// One direction of a connection: what is read from one socket is written to another one, to its end.
#pragma once

#include "knockd/forward/pipes.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace otk {

class Stream {
  public:
    enum class Moved : std::uint8_t {
        waiting, // for data, or for room: an edge of epoll tells
        more,    // it could go on, but others wait too
        ended,   // all has been written and the end passed on
        broken,  // one of the two sockets failed: there is nothing to be saved
    };
    // What follows the last byte: the end, to be passed on, or a reset, which the caller passes on.
    enum class Last : std::uint8_t { end, reset };
    // Moves what there is, as far as it goes without blocking. Both sockets are non-blocking.
    [[nodiscard]] Moved move(int from, int to, Pipes& pipes, Last last = Last::end);

  private:
    // Each says what to do now, or nothing when the other's turn has come.
    [[nodiscard]] std::optional<Moved> fill(int from, Pipes& pipes);
    [[nodiscard]] std::optional<Moved> drain(int to);

    std::optional<Pipe> pipe_;
    std::size_t in_pipe_ = 0; // bytes
    bool all_read_ = false;
    bool ended_ = false;
};

} // namespace otk
