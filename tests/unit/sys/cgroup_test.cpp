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

// Another one for each test: what was killed just now may not have left its group yet.
int newest = 0;
std::string newest_name() { return test::own_groups() + std::to_string(newest); }

std::optional<CommandGroup> make_or_skip(std::string_view test) {
    ++newest;
    auto group = CommandGroup::make(newest_name());
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
    CHECK(output.ends_with("/" + newest_name() + "\n"));
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
    CHECK_FALSE(CommandGroup::make(newest_name())); // still in use
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
        free_again = CommandGroup::make(newest_name()).has_value();
        if (!free_again) std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    CHECK(free_again);
}

TEST_CASE("cgroup: what groups of a beginning hold is ended, but for what was left there, and others") {
    const auto ended = make_or_skip("the end of groups of an earlier life");
    if (!ended) return;
    const auto left = CommandGroup::make(test::own_groups() + "two");
    const auto other = CommandGroup::make("other-" + test::own_groups());
    REQUIRE(left);
    REQUIRE(other);
    const std::string script = "setsid sh -c 'trap \"\" TERM; echo away >&2; exec sleep 1000' & wait";
    const RunningCommand first = spawn_command(shell(script, *ended));
    const RunningCommand second = spawn_command(shell("echo here; exec sleep 1000", *left));
    const RunningCommand third = spawn_command(shell("echo here; exec sleep 1000", *other));
    for (const RunningCommand* each : {&first, &second, &third}) {
        char c = 0;
        while (c != '\n')
            (void)!::read(each->output.get(), &c, 1);
    }
    CHECK(left->leave());
    { const auto empty = CommandGroup::make(test::own_groups() + "three"); }
    CHECK(end_groups(test::own_groups()) == 1);
    CHECK(test::killed_by(test::wait_for(first.pid), SIGKILL));
    CHECK(test::read_to_end(first.output.get()).empty()); // also the one that left session and group
    CHECK(end_groups(test::own_groups() + "four") == 0);
    char c = 0;
    for (const RunningCommand* each : {&second, &third}) {
        CHECK(::read(each->output.get(), &c, 1) == -1); // not the end of file: it lives
        CHECK(::kill(each->pid, 0) == 0);
    }
    left->kill_all();
    other->kill_all();
    CHECK(test::killed_by(test::wait_for(second.pid), SIGKILL));
    CHECK(test::killed_by(test::wait_for(third.pid), SIGKILL));
}

TEST_CASE("cgroup: the names of one directory are its own, in every life and by whatever path") {
    const test::TemporaryDirectory one;
    const test::TemporaryDirectory two;
    const GroupNames names = group_names(one.path());
    CHECK(names.of_this_life.starts_with(names.all));
    CHECK(names.of_this_life.find(std::to_string(::getpid())) != std::string::npos);
    const auto other_path = two.path() / "link";
    std::filesystem::create_symlink(one.path(), other_path);
    CHECK(group_names(other_path).all == names.all);
    CHECK_FALSE(group_names(two.path()).all == names.all);
    CHECK_FALSE(group_names(two.path()).all.starts_with(names.all));
}

TEST_CASE("cgroup: a name that is a path breaks the promise") {
    for (const char* name : {"", "..", "a/b", "/a"}) {
        CAPTURE(name);
        CHECK(test::killed_by(test::status_of([name] { (void)CommandGroup::make(name); }), SIGABRT));
    }
}

} // namespace otk
