// The commands that knocks trigger, with real processes.

#include "tests/unit/knockd/running.h"

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <unistd.h>

using namespace otk;
using namespace otk::test;

namespace {

Job job_of_program(std::int64_t row, const std::string& program) {
    Job job;
    job.row = RowNumber{row};
    job.prepare = [program] {
        ReadyToRun ready;
        ready.run.argv = {program};
        ready.limit = std::chrono::hours{1};
        return ready;
    };
    return job;
}

} // namespace

TEST_CASE("exit codes and signals come back as they were") {
    Running r;
    for (const int code : {0, 1, 42, 127, 255}) {
        const End& end = r.run(shell(code + 1, "exit " + std::to_string(code)));
        CHECK(end.done.row == RowNumber{code + 1});
        CHECK(end.done.outcome == Outcome::exited);
        CHECK(end.done.status == code);
        CHECK(end.output.empty());
        CHECK(end.done.output_size == 0);
    }
    for (const int signal : {SIGTERM, SIGKILL, SIGUSR1}) {
        const End& end = r.run(shell(300 + signal, "kill -" + std::to_string(signal) + " $$"));
        CHECK(end.done.outcome == Outcome::killed);
        CHECK(end.done.status == signal);
    }
    CHECK(r.commands.running() == 0);
    CHECK(r.commands.waiting() == 0);
}

TEST_CASE("standard output and error are kept in their order") {
    Running r;
    const End& end = r.run(shell(1, "echo one; echo two >&2; echo three"));
    CHECK(text_of(end) == "one\ntwo\nthree\n");
    CHECK(end.done.output_size == 14);
    CHECK_FALSE(end.done.output_truncated);
}

TEST_CASE("output is kept up to 64 KiB and cut there") {
    for (const int size : {65'535, 65'536, 65'537, 300'000}) {
        CAPTURE(size);
        Running r;
        const End& end = r.run(shell(1, "head -c " + std::to_string(size) + " /dev/zero | tr '\\0' x"));
        CHECK(end.done.outcome == Outcome::exited);
        CHECK(end.output.size() == static_cast<std::size_t>(std::min(size, 65'536)));
        CHECK(end.done.output_size == end.output.size());
        CHECK(end.done.output_truncated == (size > 65'536));
        CHECK(
            std::all_of(end.output.begin(), end.output.end(), [](std::uint8_t byte) { return byte == 'x'; }));
    }
}

TEST_CASE("a command that could not be started says which step failed and why") {
    Running r;
    struct Program {
        const char* path;
        int error;
    };
    std::int64_t row = 0;
    for (const Program& program :
         {Program{"/no/such/program", ENOENT}, {"/", EACCES}, {"/etc/passwd", EACCES}}) {
        CAPTURE(program.path);
        const End& end = r.run(job_of_program(++row, program.path));
        CHECK(end.done.outcome == Outcome::not_started);
        CHECK(end.done.status == program.error);
        CHECK(end.done.text.view() == name_of(StartFailure::Step::exec));
    }
    // And the next one runs.
    CHECK(r.run(shell(99, "exit 7")).done.status == 7);
}

TEST_CASE("by spares: each command has one as soon as there is one, and is forked while there is none") {
    Spares spares(own_groups());
    Running r(16, &spares);
    for (int row = 1; row <= 3; ++row) {
        r.children.until([&] { return spares.spare() >= 0; });
        const std::string spare = std::to_string(spares.spare());
        const std::size_t before = r.ends.size();
        r.commands.submit(shell(2 * row, "echo $$; exit 3"));
        r.commands.submit(shell(2 * row + 1, "echo $$; exit 4"));
        r.until_ended(before + 2);
        for (std::size_t place = before; place < before + 2; ++place) {
            const bool first = r.ends[place].done.row == RowNumber{2 * row};
            CHECK(r.ends[place].done.outcome == Outcome::exited);
            CHECK(r.ends[place].done.status == (first ? 3 : 4));
            CHECK((text_of(r.ends[place]) == spare + "\n") == first);
        }
    }
}

TEST_CASE("by spares: a time limit, and a program that cannot be started") {
    Spares spares(own_groups());
    Running r(16, &spares);
    r.children.until([&] { return spares.spare() >= 0; });
    const End& missing = r.run(job_of_program(1, "/no/such/program"));
    CHECK(missing.done.outcome == Outcome::not_started);
    CHECK(missing.done.status == ENOENT);
    r.children.until([&] { return spares.spare() >= 0; });
    const End& end = r.run(shell(2, "echo begun; sleep 5000 & sleep 5000", std::chrono::seconds{1}));
    CHECK(end.done.outcome == Outcome::timed_out);
    CHECK(text_of(end) == "begun\n");
}

TEST_CASE("the time limit ends the whole process group") {
    Running r;
    const std::string fifo = r.fifo("held");
    const Fd reader = Running::reader(fifo);
    const End& end =
        r.run(shell(1, "exec 9>" + fifo + "; echo begun >&9; sleep 5000 & sleep 5000 & echo out; wait",
                    std::chrono::seconds{1}));
    CHECK(end.done.outcome == Outcome::timed_out);
    CHECK(text_of(end) == "out\n");
    CHECK(end.done.duration_ms >= 1000);
    CHECK(read_to_end(reader.get()) == "begun\n"); // ends when the last of them is dead
}

TEST_CASE("a command that ignores SIGTERM is ended by its time limit all the same") {
    Running r;
    const End& end =
        r.run(shell(1, "trap '' TERM INT HUP; while :; do sleep 1; done", std::chrono::seconds{1}));
    CHECK(end.done.outcome == Outcome::timed_out);
}

TEST_CASE("one at a time: the others wait in their order") {
    Running r(1);
    const std::string lock = r.directory.path() / "lock";
    const std::string order = r.directory.path() / "order";
    for (int i = 1; i <= 6; ++i) {
        r.commands.submit(shell(i, "mkdir " + lock + " || exit 9; echo " + std::to_string(i) + " >> " +
                                       order + "; sleep 0.02; rmdir " + lock));
    }
    CHECK(r.commands.running() == 1);
    CHECK(r.commands.waiting() == 5);
    for (int i = 1; i <= 6; ++i)
        CHECK(r.commands.knows(RowNumber{i}));
    CHECK_FALSE(r.commands.knows(RowNumber{7}));
    r.until_ended(6);
    for (int i = 1; i <= 6; ++i) {
        const message::Done& done = r.ends[static_cast<std::size_t>(i - 1)].done;
        CHECK(done.row == RowNumber{i});
        CHECK(done.status == 0); // 9: two ran at once
        CHECK_FALSE(r.commands.knows(RowNumber{i}));
    }
    CHECK(text_of(r.run(shell(7, "cat " + order))) == "1\n2\n3\n4\n5\n6\n");
}

TEST_CASE("a larger number of commands holds from the next start on") {
    Running r(1);
    const std::string fifo = r.fifo("gate");
    for (int i = 1; i <= 4; ++i)
        r.commands.submit(shell(i, "read line < " + fifo));
    CHECK(r.commands.running() == 1);
    r.commands.set_most_running(3);
    r.commands.submit(shell(5, "exit 0"));
    CHECK(r.commands.running() == 3);
    CHECK(r.commands.waiting() == 2);
    // Readers and writers of the gate meet one by one.
    r.commands.set_most_running(16);
    r.commands.submit(shell(6, "for i in 1 2 3 4; do echo go > " + fifo + "; sleep 0.05; done"));
    CHECK(r.commands.waiting() == 0);
    // One write may satisfy a reader whose fellow then finds the end of the file; either way each of them
    // ends.
    r.children.until([&] { return r.ends.size() >= 5; });
    r.commands.kill();
    r.until_ended(6);
}

TEST_CASE("one that cannot be started does not hold up those that wait") {
    Running r(1);
    r.commands.submit(shell(1, "sleep 0.05"));
    r.commands.submit(job_of_program(2, "/no/such/program"));
    r.commands.submit(shell(3, "exit 5"));
    r.until_ended(3);
    CHECK(r.ends[1].done.outcome == Outcome::not_started);
    CHECK(r.ends[2].done.status == 5);
}

TEST_CASE("at the end of the daemon what waits never starts, and what runs gets SIGTERM") {
    Running r(1);
    const std::string ready = r.fifo("ready");
    const std::string never = r.directory.path() / "never";
    const Fd reader = Running::reader(ready);
    r.commands.submit(
        shell(1, "trap 'echo asked; exit 0' TERM; echo > " + ready + "; while :; do sleep 0.05; done"));
    r.commands.submit(shell(2, "echo > " + never));
    CHECK(read_to_end(reader.get()) == "\n"); // its trap is set
    r.commands.stop();
    REQUIRE(r.ends.size() == 1);
    CHECK(r.ends[0].done.row == RowNumber{2});
    CHECK(r.ends[0].done.outcome == Outcome::interrupted);
    CHECK(r.commands.waiting() == 0);
    r.until_ended(2);
    CHECK(r.ends[1].done.row == RowNumber{1});
    CHECK(r.ends[1].done.outcome == Outcome::exited);
    CHECK(text_of(r.ends[1]).ends_with("asked\n")); // a shell may say something of its `sleep` before
    r.commands.submit(shell(3, "echo > " + never)); // too late
    REQUIRE(r.ends.size() == 3);
    CHECK(r.ends[2].done.outcome == Outcome::interrupted);
    CHECK_FALSE(std::filesystem::exists(never));
}

TEST_CASE("what does not end at SIGTERM is killed, with all of its group, and interrupted") {
    Running r;
    const std::string ready = r.fifo("ready");
    const Fd reader = Running::reader(ready);
    r.commands.submit(
        shell(1, "trap '' TERM; exec 9>" + ready + "; echo >&9; sleep 5000 & while :; do sleep 1; done"));
    std::array<char, 1> byte{};
    r.children.until([&] { return ::read(reader.get(), byte.data(), 1) == 1; });
    r.commands.stop();
    CHECK(r.commands.running() == 1);
    CHECK(r.ends.empty());
    r.commands.kill();
    r.until_ended(1);
    CHECK(r.ends[0].done.outcome == Outcome::interrupted);
    CHECK(read_to_end(reader.get()).empty());
}

TEST_CASE("a child of somebody else is not taken") {
    Running r;
    CHECK_FALSE(r.commands.child_ended(getpid(), 0));
    CHECK(r.ends.empty());
}

// "Nothing here blocks": output that never ends must leave the loop its turn, so that the time limit comes.
// In a child, because a loop that hangs would hang the test.
TEST_CASE("output without end does not keep the daemon from its other work") {
    const int status = status_of([] {
        alarm(60); // not a measure: a loop that never gives way is ended by it
        Running r;
        const std::string writers = "for i in 1 2 3 4; do cat /dev/zero & done; wait";
        r.commands.submit(shell(1, writers, std::chrono::seconds{2}));
        r.commands.submit(shell(2, "exit 0"));
        r.until_ended(2);
        const bool first = r.ends[0].done.row == RowNumber{1};
        require_in_child(r.ends[first ? 0 : 1].done.outcome == Outcome::timed_out, "not ended by its limit");
        require_in_child(r.ends[first ? 0 : 1].output.size() == 65'536, "not cut");
    });
    CHECK_FALSE(killed_by(status, SIGALRM));
    CHECK(succeeded(status));
}

TEST_CASE("a writer that outlives its command does not keep the daemon from its other work") {
    const int status = status_of([] {
        alarm(60);
        Running r;
        r.commands.submit(shell(1, "for i in 1 2 3 4; do cat /dev/zero & done; sleep 0.2; exit 4"));
        r.until_ended(1);
        require_in_child(r.ends[0].done.status == 4, "not the exit code of the command");
        r.children.until([&] { return r.commands.running() == 0; });
    });
    CHECK_FALSE(killed_by(status, SIGALRM));
    CHECK(succeeded(status));
}
