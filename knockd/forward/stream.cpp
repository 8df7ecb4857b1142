#include "knockd/forward/stream.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace otk {

namespace {

constexpr std::size_t most_at_once = std::size_t{1024} * 1024; // the pipe takes less
constexpr int most_rounds = 16;                                // before others get their turn

ssize_t splice_some(int from, int to, std::size_t size) {
    for (;;) {
        const ssize_t moved = splice(from, nullptr, to, nullptr, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (moved >= 0 || errno != EINTR) return moved;
    }
}

} // namespace

// Reads only into an empty pipe. With something in it, EAGAIN could mean a full pipe as well as an empty
// socket, and nobody could tell which event to wait for.
std::optional<Stream::Moved> Stream::fill(int from, Pipes& pipes) {
    if (!pipe_) pipe_ = pipes.take();
    if (!pipe_) return Moved::broken;
    const ssize_t moved = splice_some(from, pipe_->write.get(), most_at_once);
    if (moved > 0) {
        in_pipe_ = static_cast<std::size_t>(moved);
        return std::nullopt;
    }
    const bool nothing_yet = moved < 0 && errno == EAGAIN;
    if (moved < 0 && !nothing_yet) return Moved::broken;
    pipes.give_back(*std::exchange(pipe_, std::nullopt));
    if (nothing_yet) return Moved::waiting;
    all_read_ = true;
    return std::nullopt;
}

std::optional<Stream::Moved> Stream::drain(int to) {
    const ssize_t moved = splice_some(pipe_->read.get(), to, in_pipe_);
    if (moved < 0) return errno == EAGAIN ? Moved::waiting : Moved::broken;
    in_pipe_ -= static_cast<std::size_t>(moved);
    return std::nullopt;
}

Stream::Moved Stream::move(int from, int to, Pipes& pipes, Last last) {
    if (ended_) return Moved::ended;
    for (int round = 0; round < most_rounds; ++round) {
        if (in_pipe_ == 0) {
            if (const auto answer = fill(from, pipes)) return *answer;
        }
        if (all_read_) { // and the pipe is empty
            if (last == Last::reset || shutdown(to, SHUT_WR) != 0) return Moved::broken;
            ended_ = true;
            return Moved::ended;
        }
        if (const auto answer = drain(to)) return *answer;
    }
    return Moved::more;
}

} // namespace otk
