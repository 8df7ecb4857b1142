// A journal that nobody reads: standard error is a pipe that is full.
#pragma once

#include "knockd/journal.h"
#include "tests/unit/sys/helpers.h"

#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace otk::test {

// For a child of status_of: it takes standard error for good.
class FullJournal {
  public:
    FullJournal() {
        require_in_child(::dup2(pipe_.write.get(), STDERR_FILENO) == STDERR_FILENO, "no standard error");
        require_in_child(::fcntl(pipe_.read.get(), F_SETFL, O_NONBLOCK) == 0, "not non-blocking");
        fill();
    }
    // How many lines it took.
    unsigned fill() const {
        unsigned lines = 0;
        while (journal_taken("knockd", std::string(200, 'x')))
            ++lines;
        return lines;
    }
    // Up to `most` bytes of what was said, or all of it; never waits.
    [[nodiscard]] std::string read(std::size_t most) const {
        std::string text(most, '\0');
        const ssize_t got = ::read(pipe_.read.get(), text.data(), most);
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return text;
    }
    [[nodiscard]] std::string read_all() const {
        std::string all;
        for (std::string piece = read(4096); !piece.empty(); piece = read(4096))
            all += piece;
        return all;
    }

  private:
    Ends pipe_ = make_pipe();
};

} // namespace otk::test
