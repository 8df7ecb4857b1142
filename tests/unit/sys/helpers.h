// What the tests of lib/sys share: children to try dangerous things in, and a loud way to skip.
#pragma once

#include "base/fd.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace otk::test {

// tools/test counts these lines and shows them.
void say_skipped(std::string_view test, std::string_view why);
[[nodiscard]] bool is_root();

// Runs `body` in a forked child, which then leaves with exit code 0, or 99 after an exception. Returns the
// wait status.
[[nodiscard]] int status_of(const std::function<void()>& body);
[[nodiscard]] bool succeeded(int status);
[[nodiscard]] bool killed_by(int status, int signal);
// In such a child: leaves with exit code 98 and a line on standard error unless it holds.
void require_in_child(bool holds, std::string_view what);

// Everything up to the end of file. A minute without any byte fails the test instead of hanging it.
[[nodiscard]] std::string read_to_end(int fd);
[[nodiscard]] int wait_for(pid_t pid);
// How the names of this process's cgroups begin: tests of several programs run beside each other.
[[nodiscard]] std::string own_groups();

struct Ends {
    Fd read;
    Fd write;
};
[[nodiscard]] Ends make_pipe();

class TemporaryDirectory {
  public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

} // namespace otk::test
