#include "sys/priority.h"

#include "helpers.h"

#include <cstdlib>
#include <doctest/doctest.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace otk {

TEST_CASE("priority: the journal's stream is the one that the variable names, and nothing that is like it") {
    const test::Ends pipe = test::make_pipe();
    struct stat status {};
    REQUIRE(::fstat(pipe.write.get(), &status) == 0);
    const std::string device = std::to_string(status.st_dev);
    const std::string inode = std::to_string(status.st_ino);
    const auto is_it = [&](const std::string& stream) {
        return is_journal_stream(stream.c_str(), pipe.write.get());
    };
    CHECK(is_it(device + ":" + inode));
    for (const std::string& other : {device + ":" + inode + "1", device + ":", inode,
                                     device + ":" + inode + " ", std::string(), "1" + device + ":" + inode})
        CHECK_FALSE(is_it(other));
    CHECK_FALSE(is_journal_stream(nullptr, pipe.write.get()));
    CHECK_FALSE(is_journal_stream((device + ":" + inode).c_str(), -1));
}

TEST_CASE("priority: only lines for the journal have a prefix") {
    const bool read_by_systemd = is_journal_stream(std::getenv("JOURNAL_STREAM"), STDERR_FILENO);
    CHECK(prefix_of(Priority::error) == (read_by_systemd ? "<3>" : ""));
    CHECK(prefix_of(Priority::warning) == (read_by_systemd ? "<4>" : ""));
    CHECK(prefix_of(Priority::notice) == (read_by_systemd ? "<5>" : ""));
    CHECK(prefix_of(Priority::info) == (read_by_systemd ? "<6>" : ""));
}

} // namespace otk
