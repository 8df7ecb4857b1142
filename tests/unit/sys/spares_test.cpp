// Commands by a process that was made ahead: the same as by one that is forked for them (spawn_test.cpp).
#include "sys/spares.h"

#include "base/promise.h"
#include "helpers.h"
#include "sys/spare_order.h"

#include <csignal>
#include <cstring>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace otk {

namespace {

CommandToRun shell(std::string script) {
    return {.argv = {"/bin/sh", "-c", std::move(script)},
            .environment = {"PATH=/usr/bin:/bin", "OTK_USER=alice"}};
}

// Asks again and again until there is one, for a minute.
void wait_for_spare(Spares& spares) {
    for (int tries = 0; tries < 6000; ++tries) {
        spares.provide();
        if (spares.spare() >= 0) return;
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    throw Error("there is no spare after a minute");
}

struct Finished {
    pid_t spare = -1;
    pid_t pid = -1;
    std::string output;
    std::string start;
    int status = 0;
};

Finished run(Spares& spares, const CommandToRun& command) {
    wait_for_spare(spares);
    Finished finished;
    finished.spare = spares.spare();
    const auto started = spares.start(command);
    REQUIRE(started);
    finished.pid = started->process.pid;
    finished.start = test::read_to_end(started->process.start.get());
    finished.output = test::read_to_end(started->process.output.get());
    finished.status = test::wait_for(started->process.pid);
    return finished;
}

// Waits for one of them that was killed, and tells of it.
void has_ended(Spares& spares, pid_t pid) {
    CHECK(test::killed_by(test::wait_for(pid), SIGKILL));
    CHECK(spares.child_ended(pid));
    CHECK_FALSE(spares.child_ended(pid));
}

std::string read_text(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
}

} // namespace

TEST_CASE("spare: becomes its command: output, environment, arguments, exit code") {
    Spares spares(test::own_groups());
    ::setenv("SECRET_OF_THE_PARENT", "x", 1);
    const Finished finished = run(spares, shell("echo out; echo err >&2; env | sort; exit 7"));
    ::unsetenv("SECRET_OF_THE_PARENT");
    CHECK(finished.pid == finished.spare);
    CHECK(finished.start.empty());
    CHECK(finished.output.starts_with("out\nerr\nOTK_USER=alice\nPATH="));
    CHECK(finished.output.find("SECRET") == std::string::npos);
    CHECK(WIFEXITED(finished.status));
    CHECK(WEXITSTATUS(finished.status) == 7);
    const Finished next = run(spares, {.argv = {"/usr/bin/printf", "%s|", "a b", "$(id)", "", "*"}});
    CHECK(next.output == "a b|$(id)||*|");
    CHECK(next.pid != finished.pid);
}

TEST_CASE("spare: working directory, umask, session, input, descriptors and signals") {
    const Fd leaky(::open("/dev/null", O_RDONLY)); // not close-on-exec
    const int status = test::status_of([] {
        sigset_t all;
        sigfillset(&all);
        (void)sigprocmask(SIG_BLOCK, &all, nullptr);
        (void)std::signal(SIGPIPE, SIG_IGN);
        Spares spares(test::own_groups());
        const Finished finished =
            run(spares, shell("pwd; umask; cat; ls /proc/self/fd | tr '\\n' ' '; "
                              "grep -E '^Sig(Blk|Ign)' /proc/self/status; cut -d' ' -f 1,5,6 /proc/$$/stat"));
        const std::string pid = std::to_string(finished.pid);
        test::require_in_child(finished.output == "/\n0022\n0 1 2 3 SigBlk:\t0000000000000000\n"
                                                  "SigIgn:\t0000000000000000\n" +
                                                      pid + " " + pid + " " + pid + "\n",
                               finished.output);
    });
    CHECK(test::succeeded(status));
}

TEST_CASE("spare: runs as its user with its groups, without new privileges; as root with them") {
    if (!test::is_root()) {
        test::say_skipped("spare as another user", "needs root");
        return;
    }
    Spares spares(test::own_groups());
    const auto account = find_account("nobody");
    REQUIRE(account);
    CommandToRun command = shell("id -u; id -g; id -G; grep -E '^(CapEff|NoNewPrivs)' /proc/self/status");
    command.run_as = *account;
    std::string groups;
    for (const gid_t group : groups_of(*account))
        groups += (groups.empty() ? "" : " ") + std::to_string(group);
    const std::string ids = std::to_string(account->uid) + "\n" + std::to_string(account->gid) + "\n";
    const std::string powerless = "\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n";
    CHECK(run(spares, command).output == ids + groups + powerless);
    command.groups = {account->gid, 4711}; // those that came with it are taken
    CHECK(run(spares, command).output == ids + std::to_string(account->gid) + " 4711" + powerless);

    command.run_as = find_account("root");
    command.groups = {};
    const std::string as_root = run(spares, command).output;
    CHECK(as_root.starts_with("0\n0\n"));
    CHECK(as_root.ends_with("NoNewPrivs:\t0\n"));
}

TEST_CASE("spare: a program that cannot be executed is told with its step and errno") {
    Spares spares(test::own_groups());
    const Finished missing = run(spares, {.argv = {"/no/such/program"}});
    StartFailure failure;
    REQUIRE(missing.start.size() == sizeof failure);
    std::memcpy(&failure, missing.start.data(), sizeof failure);
    CHECK(failure.step == StartFailure::Step::exec);
    CHECK(failure.error == ENOENT);
    CHECK(missing.output.empty());
}

TEST_CASE("spare: one command each; a second one at once, or one too long for it, is not for a spare") {
    Spares spares(test::own_groups());
    wait_for_spare(spares);
    const std::string longest(largest_order, 'x');
    CHECK_FALSE(spares.start(shell("echo " + longest)));
    CommandToRun wordy = shell("exit 0");
    wordy.argv.resize(most_order_words + 1, "x");
    CHECK_FALSE(spares.start(wordy));
    const auto first = spares.start(shell("echo first"));
    REQUIRE(first); // it was not used up by those
    CHECK_FALSE(spares.start(shell("echo second")));
    CHECK(test::read_to_end(first->process.output.get()) == "first\n");
    CHECK(test::succeeded(test::wait_for(first->process.pid)));

    // The most that it takes arrives whole.
    CommandToRun long_one{.argv = {"/usr/bin/printf", "%s", ""}};
    long_one.argv.back() = longest.substr(0, largest_order - sizeof(SpareOrder) - 16 - 3 - 1);
    CHECK(run(spares, long_one).output == long_one.argv.back());
}

TEST_CASE("spare: one that was killed starts nothing, and another one takes its place") {
    Spares spares(test::own_groups());
    wait_for_spare(spares);
    const pid_t killed = spares.spare();
    REQUIRE(::kill(killed, SIGKILL) == 0);
    SUBCASE("which is known") { has_ended(spares, killed); }
    SUBCASE("which is not known yet") {
        siginfo_t info{};
        REQUIRE(::waitid(P_PID, static_cast<id_t>(killed), &info, WEXITED | WNOWAIT) == 0);
        CHECK_FALSE(spares.start(shell("echo never")));
        CHECK(test::killed_by(test::wait_for(killed), SIGKILL));
    }
    CHECK_FALSE(spares.start(shell("echo never")));
    CHECK(run(spares, shell("echo again")).output == "again\n");
}

TEST_CASE("spare: a maker that was killed is started again; the spare that it had made is still good") {
    Spares spares(test::own_groups());
    wait_for_spare(spares);
    const pid_t maker = spares.maker();
    REQUIRE(::kill(maker, SIGKILL) == 0);
    has_ended(spares, maker);
    CHECK(spares.maker() == -1);
    CHECK(run(spares, shell("echo one")).output == "one\n");
    CHECK(run(spares, shell("echo two")).output == "two\n");
    CHECK(spares.maker() > 0);
}

TEST_CASE("spare: maker, spare and command end with whom they belong to") {
    std::string script = "exec sleep 1000";
    bool in_session = false;
    SUBCASE("the command alone") {}
    SUBCASE("and what it started in a session of its own, which ignores SIGTERM") {
        script = "setsid sh -c 'trap \"\" TERM HUP; exec sleep 1000' & exec sleep 1000";
        in_session = true;
    }
    auto pipe = test::make_pipe();
    const int status = test::status_of([&] {
        Spares spares(test::own_groups());
        (void)fcntl(pipe.write.get(), F_SETFD, 0);
        wait_for_spare(spares);
        // Opened by its name in /proc, because a spare inherits nothing.
        const std::string held =
            "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(pipe.write.get());
        const auto started = spares.start(shell("exec 9>" + held + "; echo begun >&9; " + script));
        test::require_in_child(started.has_value(), "nothing was started");
        if (!started->group && in_session) ::_exit(77);
        std::string begun(6, '\0');
        test::require_in_child(::read(pipe.read.get(), begun.data(), begun.size()) == 6, "it does not begin");
        wait_for_spare(spares);
        ::kill(getpid(), SIGKILL);
    });
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        test::say_skipped("the end of what a command started", "there is no cgroup to be written here");
        return;
    }
    CHECK(test::killed_by(status, SIGKILL));
    pipe.write.close();
    CHECK(test::read_to_end(pipe.read.get()).empty()); // the command held the only other end
    pid_t maker = -1;
    pid_t spare = -1;
    {
        Spares spares(test::own_groups());
        wait_for_spare(spares);
        maker = spares.maker();
        spare = spares.spare();
    }
    CHECK(::kill(maker, 0) != 0); // by themselves, when nobody wants them any more; and they were waited for
    CHECK(::kill(spare, 0) != 0);
}

TEST_CASE("spare: its cgroup holds it from its start, and nobody else") {
    Spares spares(test::own_groups());
    wait_for_spare(spares);
    const std::string ours = read_text("/proc/self/cgroup");
    const std::string its = read_text("/proc/" + std::to_string(spares.spare()) + "/cgroup");
    const auto started = spares.start(shell("setsid sleep 1000 & cat /proc/self/cgroup; exec sleep 1000"));
    REQUIRE(started);
    if (started->group) {
        CHECK(its != ours);
        CHECK(its.find("/" + test::own_groups() + "spare-") != std::string::npos);
        started->group->kill_all(); // the one that left the process group, too
    } else {
        test::say_skipped("a spare's cgroup", "there is no cgroup to be written here");
        CHECK(its == ours);
        kill_group(started->process.pid, SIGKILL);
        return;
    }
    CHECK(test::killed_by(test::wait_for(started->process.pid), SIGKILL));
    (void)test::read_to_end(started->process.output.get()); // ends when the last of them is dead
}

} // namespace otk
