#include "knockd/forward/pipes.h"

#include <fcntl.h>
#include <unistd.h>

namespace otk {

std::optional<Pipe> Pipes::take() {
    if (!free_.empty()) {
        Pipe pipe = std::move(free_.back());
        free_.pop_back();
        return pipe;
    }
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return std::nullopt;
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

void Pipes::give_back(Pipe pipe) {
    constexpr std::size_t worth_keeping = 16;
    if (free_.size() < worth_keeping) free_.push_back(std::move(pipe));
}

} // namespace otk
