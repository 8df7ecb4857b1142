// The journal that nobody reads, and then somebody does.

#include "knockd/journal.h"
#include "tests/unit/sys/helpers.h"

#include <doctest/doctest.h>

#include <csignal>
#include <fcntl.h>
#include <unistd.h>

using namespace otk;
using namespace otk::test;

// In a child, because a line that waits for ever would hang the test.
TEST_CASE("a journal that stands still holds up nobody, and what was lost is counted and said") {
    const int status = status_of([] {
        alarm(60); // not a measure: whoever waits for ever is ended by it
        Ends pipe = otk::test::make_pipe();
        require_in_child(dup2(pipe.write.get(), STDERR_FILENO) == STDERR_FILENO, "no standard error");
        const std::string text(200, 'x');
        constexpr int lines = 2000; // more than any pipe holds
        for (int line = 0; line < lines; ++line)
            journal("knockd", text);
        require_in_child(fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK) == 0, "not non-blocking");
        std::string read_so_far;
        char buffer[4096];
        const auto read_all = [&] {
            for (ssize_t got = 0; (got = ::read(pipe.read.get(), buffer, sizeof buffer)) > 0;)
                read_so_far.append(buffer, static_cast<std::size_t>(got));
        };
        read_all();
        const std::string whole = "knockd: " + text + "\n";
        const std::size_t taken = read_so_far.size() / whole.size();
        require_in_child(taken > 0 && taken < lines && read_so_far.size() % whole.size() == 0,
                         "lines were not taken whole");
        read_so_far.clear();
        journal("knockd", "again");
        read_all();
        const std::string lost = std::to_string(lines - taken);
        require_in_child(read_so_far ==
                             "knockd: " + lost +
                                 " line(s) were lost here, because nobody read them\nknockd: again\n",
                         "does not say how many were lost");
    });
    CHECK_FALSE(killed_by(status, SIGALRM));
    CHECK(succeeded(status));
}
