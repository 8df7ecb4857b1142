#include "sys/cgroup.h"

#include "helpers.h"
#include "sys/spawn.h"

#include <chrono>
#include <csignal>
#include <doctest/doctest.h>
#include <thread>
#include <unistd.h>

namespace otk {

namespace {

std::string unique_name() { return "otk-test-" + std::to_string(::getpid()); }

std::optional<CommandGroup> make_or_skip(std::string_view test) {
    auto group = CommandGroup::make(unique_name());
    if (!group) test::say_skipped(test, "no writable cgroup of version 2 here");
    return group;
}

CommandToRun shell(std::string script, const CommandGroup& group) {
    return {.argv = {"/bin/sh", "-c", std::move(script)},
            .environment = {"PATH=/usr/bin:/bin"},
            .run_as = std::nullopt,
            .group = &group};
}

} // namespace

TEST_CASE("cgroup: a command joins before it starts, and is reported inside") {
    const auto group = make_or_skip("cgroup of a command");
    if (!group) return;
    const RunningCommand running = spawn_command(shell("grep ^0:: /proc/self/cgroup", *group));
    const std::string output = test::read_to_end(running.output.get());
    CHECK(test::succeeded(test::wait_for(running.pid)));
    CHECK(output.ends_with("/" + unique_name() + "\n"));
}

TEST_CASE("cgroup: killing it reaches a child that left session and process group, which killing the group "
          "does not") {
    const auto group = make_or_skip("cgroup kill");
    if (!group) return;
    // The fugitive says so once it runs in a session of its own; its parent waits for it.
    const RunningCommand running =
        spawn_command(shell("setsid sh -c 'echo away >&2; exec sleep 1000' & wait", *group));
    std::string seen;
    while (seen.find("away\n") == std::string::npos) {
        char c = 0;
        if (::read(running.output.get(), &c, 1) == 1) seen += c;
    }
    kill_group(running.pid, SIGKILL);
    CHECK(test::killed_by(test::wait_for(running.pid), SIGKILL));
    char c = 0;
    CHECK(::read(running.output.get(), &c, 1) == -1); // not the end of file: somebody still holds the pipe
    group->kill_all();
    CHECK(test::read_to_end(running.output.get()).empty());
}

TEST_CASE("cgroup: gone with its object, kept while it is in use, and its name free again") {
    auto first = make_or_skip("cgroup removal");
    if (!first) return;
    const RunningCommand running = spawn_command(shell("sleep 1000", *first));
    CHECK(test::read_to_end(running.start.get()).empty());
    CHECK_FALSE(CommandGroup::make(unique_name())); // still in use
    first->kill_all();
    CHECK(test::killed_by(test::wait_for(running.pid), SIGKILL));
    const int in_a_child = test::status_of([&first] {
        const CommandGroup moved = std::move(*first);
        test::require_in_child(moved.add(::getpid()), "this process moves in");
        test::require_in_child(!moved.add(-1), "no such process");
    });
    CHECK(test::succeeded(in_a_child));
    first.reset();
    // The kernel lets go of the last process a little after its parent has heard of its end.
    bool free_again = false;
    for (int tries = 0; tries < 500 && !free_again; ++tries) {
        free_again = CommandGroup::make(unique_name()).has_value();
        if (!free_again) std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    CHECK(free_again);
}

TEST_CASE("cgroup: a name that is a path breaks the promise") {
    for (const char* name : {"", "..", "a/b", "/a"}) {
        CAPTURE(name);
        CHECK(test::killed_by(test::status_of([name] { (void)CommandGroup::make(name); }), SIGABRT));
    }
}

} // namespace otk
