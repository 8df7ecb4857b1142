// Commands that wait for their turn, and undos that cannot be started, with real processes.

#include "tests/unit/knockd/running.h"

#include <set>
#include <sys/resource.h>

using namespace otk;
using namespace otk::test;

namespace {

Job of_user(std::int64_t user, Job job) {
    job.user = UserId{user};
    return job;
}

// While it lasts no new descriptor is to be had.
class NoDescriptors {
  public:
    NoDescriptors() {
        REQUIRE(getrlimit(RLIMIT_NOFILE, &wide_) == 0);
        const rlimit none{0, wide_.rlim_max};
        REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
    }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;
    ~NoDescriptors() { (void)setrlimit(RLIMIT_NOFILE, &wide_); }

  private:
    rlimit wide_{};
};

} // namespace

TEST_CASE("a user who knocks in a loop has not all places, and another's command starts at once") {
    Running r(4);
    const std::string gate = r.fifo("gate");
    for (int i = 1; i <= 20; ++i)
        r.commands.submit(of_user(7, shell(i, "read line < " + gate)));
    CHECK(r.commands.running() == 3);
    CHECK(r.commands.waiting() == 17);
    r.commands.submit(of_user(8, shell(21, "exit 8")));
    CHECK(r.commands.running() == 4);
    r.until_ended(1);
    CHECK(r.ends[0].done.row == RowNumber{21});
    CHECK(r.commands.running() == 3);
    r.commands.stop();
    r.commands.kill();
    r.until_ended(21);
    std::set<RowNumber> rows;
    for (const End& end : r.ends)
        rows.insert(end.done.row);
    CHECK(rows.size() == 21); // each has its end
}

TEST_CASE("what there is no room for ends with a reason, and the others run") {
    Running r(1);
    for (std::int64_t i = 1; i <= 10'003; ++i)
        r.commands.submit(of_user(7, shell(i, "exit 0")));
    REQUIRE(r.ends.size() == 2); // one runs, ten thousand wait
    for (const End& end : r.ends) {
        CHECK(end.done.row > RowNumber{10'001});
        CHECK(end.done.outcome == Outcome::not_started);
        CHECK(end.done.text.view() == "too many commands of this user wait");
    }
    Job undo = of_user(7, shell(10'004, "exit 0"));
    undo.undo = true;
    r.commands.submit(undo);
    CHECK(r.ends.size() == 2);
    CHECK(r.commands.knows(RowNumber{10'004}));
    r.commands.stop();
    CHECK(r.ends.size() == 10'002);
    CHECK_FALSE(r.commands.knows(RowNumber{10'004})); // the next knockd starts it
}

TEST_CASE("an account that is not there is told when the turn comes; of what was revoked the refusal") {
    Running r(1);
    r.commands.submit(shell(1, "sleep 0.05"));
    unsigned asked = 0;
    Job missing = shell(2, "exit 0");
    missing.prepare = [&asked]() -> ReadyToRun {
        ++asked;
        throw Error("there is no user zoe");
    };
    Job revoked = shell(3, "exit 0");
    revoked.prepare = [&asked] {
        ++asked;
        return ReadyToRun{.refusal = Refusal::user_disabled};
    };
    r.commands.submit(missing);
    r.commands.submit(revoked);
    CHECK(asked == 0); // nothing is looked up for what only waits
    r.until_ended(3);
    CHECK(asked == 2);
    CHECK(r.ends[1].done.text.view() == "there is no user zoe");
    CHECK(r.ends[1].done.outcome == Outcome::not_started);
    CHECK(r.ends[2].done.outcome == Outcome::refused);
    CHECK(r.ends[2].done.refusal == Refusal::user_disabled);
}

TEST_CASE("a thousand that come to nothing all have their end, and leave others their turn") {
    Running r(2);
    const std::string gate = r.fifo("gate");
    r.commands.submit(of_user(7, shell(1, "read line < " + gate)));
    for (std::int64_t i = 2; i <= 1001; ++i) {
        Job revoked = of_user(7, shell(i, "exit 0"));
        revoked.prepare = [] { return ReadyToRun{.refusal = Refusal::grant_disabled}; };
        r.commands.submit(revoked);
    }
    r.commands.kill();
    r.until_ended(1 + 64); // so many in one turn of the loop, and no more
    CHECK(r.ends.size() < 1001);
    r.until_ended(1001);
    CHECK(r.commands.waiting() == 0);
}

TEST_CASE("an undo that cannot be started is tried again, with its lane kept; a command is not") {
    Running r(4);
    unsigned tries = 0;
    Job undo = of_user(7, shell(1, "exit 3"));
    undo.lane = GrantId{5};
    undo.undo = true;
    undo.prepare = [&tries, later = undo.prepare] {
        if (++tries == 1) throw Error("cannot start a process: Resource temporarily unavailable");
        return later();
    };
    r.commands.submit(undo);
    CHECK(r.ends.empty());
    CHECK(r.commands.knows(RowNumber{1}));
    Job after = of_user(7, shell(2, "exit 4"));
    after.lane = GrantId{5};
    r.commands.submit(after);
    CHECK(r.commands.running() == 0);
    r.until_ended(2);
    CHECK(tries == 2);
    CHECK(r.ends[0].done.status == 3);
    CHECK(r.ends[1].done.status == 4);

    Job command = of_user(7, shell(3, "exit 0"));
    command.prepare = []() -> ReadyToRun { throw Error("cannot start a process"); };
    r.commands.submit(command);
    REQUIRE(r.ends.size() == 3);
    CHECK(r.ends[2].done.outcome == Outcome::not_started);
}

TEST_CASE("an undo that not even a timer is to be had for has not started, and is tried again") {
    Running r(4);
    std::optional<NoDescriptors> none;
    bool noted = false; // as started
    unsigned tries = 0;
    Job undo = of_user(7, shell(1, "exit 3"));
    undo.lane = GrantId{5};
    undo.undo = true;
    undo.prepare = [&, later = undo.prepare] {
        ReadyToRun ready = later();
        if (++tries == 1) none.emplace();
        ready.starts = [&] { noted = true; };
        ready.not_started = [&] {
            none.reset(); // so that there is a timer for the next try
            noted = false;
        };
        return ready;
    };
    r.commands.submit(undo);
    none.reset();
    CHECK_FALSE(noted);
    REQUIRE(r.commands.knows(RowNumber{1}));
    r.until_ended(1);
    CHECK(tries == 2);
    CHECK(noted);
    CHECK(r.ends[0].done.status == 3);
}

TEST_CASE("an undo that is to be tried again is left to the next knockd when this one ends") {
    Running r(4);
    Job undo = of_user(7, shell(1, "exit 0"));
    undo.lane = GrantId{5};
    undo.undo = true;
    undo.prepare = []() -> ReadyToRun { throw Error("cannot start a process"); };
    r.commands.submit(undo);
    REQUIRE(r.commands.knows(RowNumber{1}));
    r.commands.stop();
    CHECK_FALSE(r.commands.knows(RowNumber{1}));
    CHECK(r.ends.empty());
}
