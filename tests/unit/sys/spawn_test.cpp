#include "sys/descriptor_limit.h"
#include "sys/spawn.h"

#include "base/promise.h"
#include "base/text.h"
#include "helpers.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace otk {

namespace {

CommandToRun shell_command(std::string script) {
    return {.argv = {"/bin/sh", "-c", std::move(script)},
            .environment = {"PATH=/usr/bin:/bin", "OTK_USER=alice"}};
}

struct FinishedCommand {
    std::string output;
    std::string start;
    int status = 0;
};

FinishedCommand run(const CommandToRun& command) {
    const RunningCommand running = spawn_command(command);
    FinishedCommand finished;
    finished.start = test::read_to_end(running.start.get());
    finished.output = test::read_to_end(running.output.get());
    finished.status = test::wait_for(running.pid);
    return finished;
}

// The failure that the child sent, or one without a step when it sent none.
StartFailure failure_of(const FinishedCommand& finished) {
    StartFailure failure;
    if (finished.start.size() == sizeof failure) std::memcpy(&failure, finished.start.data(), sizeof failure);
    return failure;
}

} // namespace

TEST_CASE("command: output and errors in one, its environment and nothing of ours, its exit code") {
    ::setenv("SECRET_OF_THE_PARENT", "x", 1);
    const FinishedCommand finished = run(shell_command("echo out; echo err >&2; env | sort; exit 7"));
    ::unsetenv("SECRET_OF_THE_PARENT");
    CHECK(finished.start.empty());
    CHECK(finished.output.starts_with("out\nerr\nOTK_USER=alice\nPATH="));
    CHECK(finished.output.find("SECRET") == std::string::npos);
    CHECK(WIFEXITED(finished.status));
    CHECK(WEXITSTATUS(finished.status) == 7);
}

TEST_CASE("command: arguments arrive as they are, no shell between") {
    const FinishedCommand finished =
        run({.argv = {"/usr/bin/printf", "%s|", "a b", "$(id)", "", "*"}, .environment = {}});
    CHECK(finished.output == "a b|$(id)||*|");
}

TEST_CASE("command: working directory, umask, session, input and descriptors") {
    const Fd leaky(::open("/dev/null", O_RDONLY)); // not close-on-exec
    CHECK(run(shell_command("pwd; umask; cat")).output == "/\n0022\n");
    // The descriptor that the listing itself needs is 3.
    CHECK(run(shell_command("ls /proc/self/fd | tr '\\n' ' '")).output == "0 1 2 3 ");
    const RunningCommand running = spawn_command(shell_command("cut -d' ' -f 1,5,6 /proc/$$/stat"));
    const std::string pid = std::to_string(running.pid);
    CHECK(test::read_to_end(running.output.get()) ==
          pid + " " + pid + " " + pid + "\n"); // its own group and session
    (void)test::wait_for(running.pid);
}

TEST_CASE("command: signals are as a new process expects them, whatever the parent did") {
    const int status = test::status_of([] {
        sigset_t all;
        sigfillset(&all);
        (void)sigprocmask(SIG_BLOCK, &all, nullptr);
        (void)std::signal(SIGPIPE, SIG_IGN);
        (void)std::signal(SIGHUP, SIG_IGN);
        const std::string seen = run(shell_command("grep -E '^Sig(Blk|Ign)' /proc/self/status")).output;
        test::require_in_child(seen == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", seen);
    });
    CHECK(test::succeeded(status));
}

TEST_CASE("command: the start pipe ends while the command still runs") {
    const RunningCommand running = spawn_command(shell_command("sleep 1000"));
    CHECK(test::read_to_end(running.start.get()).empty());
    CHECK(::waitpid(running.pid, nullptr, WNOHANG) == 0);
    kill_group(running.pid, SIGKILL);
    CHECK(test::killed_by(test::wait_for(running.pid), SIGKILL));
}

TEST_CASE("command: a program that cannot be executed is told with its step and errno") {
    const FinishedCommand missing = run({.argv = {"/no/such/program"}, .environment = {}});
    CHECK(failure_of(missing).step == StartFailure::Step::exec);
    CHECK(failure_of(missing).error == ENOENT);
    CHECK(name_of(failure_of(missing).step) == "execute the program");
    CHECK(failure_of(run({.argv = {"/etc/passwd"}, .environment = {}})).error == EACCES);
}

TEST_CASE("command: killing the group ends the children too, and a group that is gone is no error") {
    const RunningCommand running = spawn_command(shell_command("sleep 1000 & sleep 1000 & wait"));
    CHECK(test::read_to_end(running.start.get()).empty());
    kill_group(running.pid, SIGKILL);
    CHECK(test::read_to_end(running.output.get()).empty()); // ends when the last holder of the pipe is gone
    CHECK(test::killed_by(test::wait_for(running.pid), SIGKILL));
    kill_group(running.pid, SIGKILL);
}

TEST_CASE("command: runs as its user with its groups, without new privileges; as root with them") {
    if (!test::is_root()) {
        test::say_skipped("command as another user", "needs root");
        return;
    }
    const auto account = find_account("nobody");
    REQUIRE(account);
    CommandToRun command =
        shell_command("id -u; id -g; id -G; grep -E '^(CapEff|NoNewPrivs)' /proc/self/status");
    command.run_as = *account;
    std::string groups;
    for (const gid_t group : groups_of(*account)) {
        groups += (groups.empty() ? "" : " ") + std::to_string(group);
    }
    CHECK(run(command).output == std::to_string(account->uid) + "\n" + std::to_string(account->gid) + "\n" +
                                     groups + "\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n");

    command.run_as = find_account("root");
    const std::string as_root = run(command).output;
    CHECK(as_root.starts_with("0\n0\n"));
    CHECK(as_root.ends_with("NoNewPrivs:\t0\n"));
}

TEST_CASE("command: without root another user cannot be taken on, and the failure says at which step") {
    const auto account = find_account("nobody");
    REQUIRE(account);
    CommandToRun command = shell_command("echo never");
    command.run_as = Account{"daemon", 1, 1, "/"};
    const auto attempt = [&command] {
        const FinishedCommand finished = run(command);
        test::require_in_child(failure_of(finished).step == StartFailure::Step::groups, "at the groups");
        test::require_in_child(failure_of(finished).error == EPERM, "for want of permission");
        test::require_in_child(finished.output.empty(), "the program was not started");
    };
    CHECK(test::succeeded(test::status_of([&] {
        if (test::is_root()) become(*account, std::nullopt);
        attempt();
    })));
}

TEST_CASE("helper: gets its descriptors as 3 and up, /dev/null as input and output, and nothing else") {
    const Fd leaky(::open("/dev/null", O_RDONLY));
    auto pipe = test::make_pipe();
    auto second = test::make_pipe();
    // The shell itself is asked about 0 and 1; the listing, which opens the directory as 5, about the others.
    const std::string script = "seen=$(readlink /proc/$$/fd/0 /proc/$$/fd/1); echo $seen >&3; "
                               "ls /proc/self/fd >&3; echo \"$1\" >&4";
    const pid_t pid =
        spawn_helper("/bin/sh", {"-c", script, "sh", "an argument"}, {pipe.write.get(), second.write.get()});
    pipe.write.close();
    second.write.close();
    CHECK(test::read_to_end(pipe.read.get()) == "/dev/null /dev/null\n0\n1\n2\n3\n4\n5\n");
    CHECK(test::read_to_end(second.read.get()) == "an argument\n");
    CHECK(test::succeeded(test::wait_for(pid)));
}

TEST_CASE("helper: one that cannot be executed leaves 127 and says so") {
    auto pipe = test::make_pipe();
    const int status = test::status_of([&pipe] {
        (void)::dup2(pipe.write.get(), STDERR_FILENO);
        const int helper = test::wait_for(spawn_helper("/no/such/helper", {}, {}));
        test::require_in_child(WIFEXITED(helper) && WEXITSTATUS(helper) == 127, "127");
    });
    CHECK(test::succeeded(status));
    pipe.write.close();
    CHECK(test::read_to_end(pipe.read.get()).find("/no/such/helper: cannot start") != std::string::npos);
}

TEST_CASE("helper: dies with its parent") {
    auto pipe = test::make_pipe();
    const int status =
        test::status_of([&pipe] { (void)spawn_helper("/bin/sleep", {"1000"}, {pipe.write.get()}); });
    REQUIRE(test::succeeded(status));
    pipe.write.close();
    CHECK(test::read_to_end(pipe.read.get()).empty()); // the helper held the only other end
}

TEST_CASE("helper: one that lives on outlives its parent") {
    auto orders = test::make_pipe();
    auto answers = test::make_pipe();
    const int status = test::status_of([&] {
        (void)spawn_helper("/bin/sh", {"-c", "read order <&3; echo \"did $order\" >&4"},
                           {orders.read.get(), answers.write.get()}, OrphanedHelper::lives_on);
    });
    REQUIRE(test::succeeded(status)); // the parent has ended and was waited for
    answers.write.close();
    CHECK(::write(orders.write.get(), "it\n", 3) == 3);
    CHECK(test::read_to_end(answers.read.get()) == "did it\n");
}

TEST_CASE("a limit of descriptors that was raised is not passed on") {
    const int status = test::status_of([] {
        rlimit limit{};
        test::require_in_child(getrlimit(RLIMIT_NOFILE, &limit) == 0, "no limit to be read");
        limit.rlim_cur = 200;
        test::require_in_child(setrlimit(RLIMIT_NOFILE, &limit) == 0, "no limit to be set");
        test::require_in_child(raise_descriptor_limit(100) == 200, "it was lowered");
        test::require_in_child(raise_descriptor_limit(300) == 300, "it was not raised");
        test::require_in_child(raise_descriptor_limit(400) == 400, "it was not raised again");
        CommandToRun command;
        command.argv = {"/bin/sh", "-c", "ulimit -Sn"};
        const RunningCommand running = spawn_command(command);
        test::require_in_child(test::read_to_end(running.output.get()) == "200\n",
                               "a command has another limit");
        limit.rlim_cur = limit.rlim_max = 350;
        test::require_in_child(setrlimit(RLIMIT_NOFILE, &limit) == 0, "no limit to be set");
        test::require_in_child(hard_descriptor_limit() == 350, "not the hard limit");
        test::require_in_child(raise_descriptor_limit(500) == 350, "more than the hard limit");
    });
    CHECK(test::succeeded(status));
}

TEST_CASE("a signal reaches a child that has not made its group yet") {
    CommandToRun command;
    command.argv = {"/bin/sleep", "3600"};
    for (int round = 0; round < 20; ++round) {
        const RunningCommand running = spawn_command(command);
        kill_group(running.pid, SIGKILL);
        CHECK(test::killed_by(test::wait_for(running.pid), SIGKILL));
    }
}

TEST_CASE("a child that has ended is told as waitpid(2) tells it, and stays until it is waited for") {
    const int status = test::status_of([] { // other tests' children are not this child's
        test::require_in_child(!ended_child(), "a child where there is none");
        for (const char* script : {"exit 0", "exit 255", "kill -TERM $$", "kill -KILL $$"}) {
            const RunningCommand running = spawn_command(shell(script));
            siginfo_t info{};
            test::require_in_child(
                ::waitid(P_PID, static_cast<id_t>(running.pid), &info, WEXITED | WNOWAIT) == 0, "no end");
            const auto ended = ended_child();
            const auto again = ended_child();
            test::require_in_child(ended && again && ended->pid == running.pid && again->pid == running.pid,
                                   "not told, or gone");
            test::require_in_child(::kill(running.pid, 0) == 0, "its number is free");
            int said = -1;
            test::require_in_child(::waitpid(running.pid, &said, WNOHANG) == running.pid,
                                   "not there any more");
            test::require_in_child(said == ended->wait_status, "another status than waitpid's");
        }
        const RunningCommand running = spawn_command(shell("exit 3"));
        test::require_in_child(!ended_child() || ended_child()->wait_status == W_EXITCODE(3, 0),
                               "another end");
        siginfo_t info{};
        (void)::waitid(P_PID, static_cast<id_t>(running.pid), &info, WEXITED | WNOWAIT);
        wait_for_ended(*ended_child());
        test::require_in_child(!ended_child() && ::kill(running.pid, 0) != 0, "it is still there");
    });
    CHECK(test::succeeded(status));
}

} // namespace otk
