// What a command started and left, with real processes: when it ends, and when it may live on.

#include "tests/unit/knockd/running.h"

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <unistd.h>

using namespace otk;
using namespace otk::test;

namespace {

// A command that starts another process, which ignores what ends others and holds the pipe `held`, and which
// prints that one's number and goes on as `then` says.
struct Leaver {
    Running running;
    std::string held;
    Fd reader;

    Leaver() : held(running.fifo("held")), reader(Running::reader(held)) {}

    Job job(bool in_session, const std::string& then, bool may_leave,
            std::chrono::seconds limit = std::chrono::hours{1}) {
        static std::int64_t row = 1000; // one for each: a group of the same name may not be empty yet
        const std::string flag = running.directory.path() / "flag";
        const std::string rest = "sh -c 'trap \"\" TERM HUP INT; exec 9>" + held + "; echo $$ >&9; echo > " +
                                 flag + "; exec sleep 5000' >/dev/null 2>&1 & ";
        Job made = shell(++row, (in_session ? "setsid " : "") + rest + "while [ ! -e " + flag +
                                    " ]; do sleep 0.01; done; " + then);
        made.prepare = [prepare = made.prepare, may_leave, limit] {
            ReadyToRun ready = prepare();
            ready.may_leave = may_leave;
            ready.limit = limit;
            return ready;
        };
        return made;
    }
    // What it says of itself first.
    pid_t pid() {
        std::array<char, 32> text{};
        running.children.until([&] { return ::read(reader.get(), text.data(), text.size() - 1) > 0; });
        return std::atoi(text.data());
    }
    // Waits for its end: nobody else holds the pipe. A test that waits in vain fails after a minute.
    [[nodiscard]] bool ended() const { return read_to_end(reader.get()).empty(); }
    [[nodiscard]] bool lives() const {
        char c = 0;
        return ::read(reader.get(), &c, 1) == -1 && errno == EAGAIN;
    }
};

bool have_groups(std::string_view test) {
    if (CommandGroup::make(own_groups() + "try")) return true;
    say_skipped(test, "there is no cgroup to be written here");
    return false;
}

} // namespace

TEST_CASE("what a command started ends with it, however it ends") {
    struct Way {
        const char* then;
        std::chrono::seconds limit;
        bool may_leave;
        Outcome outcome;
    };
    const std::chrono::hours no_limit{1};
    for (const Way& way : {Way{"exit 0", no_limit, false, Outcome::exited},
                           {"exit 1", no_limit, true, Outcome::exited},
                           {"kill -KILL $$", no_limit, true, Outcome::killed},
                           {"exec sleep 5000", std::chrono::seconds{1}, true, Outcome::timed_out}}) {
        for (const bool in_session : {false, true}) {
            CAPTURE(way.then);
            CAPTURE(in_session);
            if (in_session && !have_groups("the end of what left a command's process group")) continue;
            Leaver leaver;
            CHECK(
                leaver.running.run(leaver.job(in_session, way.then, way.may_leave, way.limit)).done.outcome ==
                way.outcome);
            CHECK(leaver.pid() > 0);
            CHECK(leaver.ended());
        }
    }
}

TEST_CASE("by spares: what a command started ends with it, too") {
    if (!have_groups("the end of what left a spare's process group")) return;
    Spares spares(own_groups());
    Running r(16, &spares);
    r.children.until([&] { return spares.spare() >= 0; });
    const std::string spare = std::to_string(spares.spare());
    const std::string fifo = r.fifo("held");
    const Fd reader = Running::reader(fifo);
    const End& end = r.run(shell(1, "setsid sh -c 'exec 9>" + fifo +
                                        "; echo >&9; exec sleep 5000' >/dev/null & "
                                        "read x < " +
                                        fifo + "; echo $$"));
    CHECK(text_of(end) == spare + "\n");
    (void)read_to_end(reader.get());
}

TEST_CASE(
    "what a command leaves lives on where it may, when the command ends well, also when all else ends") {
    for (const bool in_session : {false, true}) {
        CAPTURE(in_session);
        pid_t pid = -1;
        Fd reader;
        {
            Leaver leaver;
            CHECK(leaver.running.run(leaver.job(in_session, "exit 0", true)).done.outcome == Outcome::exited);
            pid = leaver.pid();
            CHECK(leaver.lives());
            leaver.running.commands.stop();
            leaver.running.commands.kill();
            reader = std::move(leaver.reader);
        }
        (void)end_groups(own_groups()); // as a later life does
        char c = 0;
        CHECK(::read(reader.get(), &c, 1) == -1);
        REQUIRE(pid > 1);
        CHECK(::kill(pid, SIGKILL) == 0);
        CHECK(read_to_end(reader.get()).empty());
    }
}

TEST_CASE("at the end of the daemon nothing stays of what a command started, though it may leave something") {
    enum class How { sigterm, sigkill, forgotten };
    for (const How how : {How::sigterm, How::sigkill, How::forgotten}) {
        for (const bool in_session : {false, true}) {
            CAPTURE(static_cast<int>(how));
            CAPTURE(in_session);
            if (in_session && !have_groups("what left a process group, at the end of the daemon")) continue;
            auto leaver = std::make_unique<Leaver>();
            Running& r = leaver->running;
            r.commands.submit(leaver->job(in_session, "exec sleep 5000", true));
            CHECK(leaver->pid() > 0);
            if (how == How::sigterm) r.commands.stop();
            if (how == How::sigkill) r.commands.kill();
            if (how != How::forgotten) r.until_ended(1);
            const Fd reader = std::move(leaver->reader);
            if (how == How::forgotten) leaver.reset();
            CHECK(read_to_end(reader.get()).empty());
        }
    }
}
