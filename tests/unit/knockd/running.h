// Commands with a loop that brings their ends.
#pragma once

#include "tests/unit/knockd/children.h"
#include "tests/unit/sys/helpers.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace otk::test {

struct Running {
    Children children;
    std::vector<End> ends;
    Commands commands;
    TemporaryDirectory directory;
    Spares* spares;
    explicit Running(unsigned most = 16, Spares* from = nullptr) :
        commands(
            children.loop, most, [this](End end) { ends.push_back(std::move(end)); }, from, own_groups()),
        spares(from) {
        children.ended = [this](pid_t pid, int status) {
            if (!commands.child_ended(pid, status) && spares != nullptr) (void)spares->child_ended(pid);
        };
    }
    void until_ended(std::size_t count) {
        children.until([&] { return ends.size() >= count; });
    }
    const End& run(Job job) {
        const std::size_t before = ends.size();
        commands.submit(std::move(job));
        until_ended(before + 1);
        return ends.back();
    }
    // A pipe with a name; reading it to its end waits for everybody who holds it.
    [[nodiscard]] std::string fifo(const std::string& name) const {
        const auto path = directory.path() / name;
        REQUIRE(mkfifo(path.c_str(), 0666) == 0);
        return path;
    }
    static Fd reader(const std::string& path) {
        return Fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    }
};

} // namespace otk::test
