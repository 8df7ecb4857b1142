// knockd-validate's work as a process sees it: what comes over its two channels, and in which order.

#include "knockd/validate/validator.h"
#include "tests/unit/knockd/world.h"
#include "tests/unit/sys/helpers.h"

#include <doctest/doctest.h>

#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace otk;
using namespace otk::test;
using namespace std::chrono_literals;

namespace {

// A validator in a process of its own, on the files of a world whose ledger it takes over; the test is
// monitor and capture.
class Running {
  public:
    explicit Running(World& world, const std::function<void(message::ValidateSetup&)>& change = {}) {
        message::ValidateSetup setup;
        setup.confirm = true;
        setup.algorithms = bit(Algorithm::sha256);
        setup.window = 10;
        setup.forward_ports = World::forward_ports;
        if (change) change(setup);
        auto [ours, theirs] = Channel::make_pair();
        auto [ours_too, theirs_too] = Channel::make_pair();
        // SQLite's connections must not be carried over a fork.
        world.ledger.reset();
        world.policy.reset();
        world.admin.reset();
        process_ = fork();
        REQUIRE(process_ >= 0);
        if (process_ == 0) {
            { const Fd closed = std::move(ours).release(); }
            { const Fd closed = std::move(ours_too).release(); }
            _exit(work(world, setup, std::move(theirs), std::move(theirs_too)));
        }
        world.open_policy();
        monitor_.emplace(std::move(ours));
        capture_.emplace(std::move(ours_too));
        from_validate_.emplace(*monitor_);
        to_capture_.emplace(*capture_);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() { (void)stop(); }

    // The next message to the monitor or to capture, which must be of this kind.
    template <typename Message>
    Message heard_by_monitor() {
        return heard<Message>(*from_validate_);
    }
    template <typename Message>
    Message heard_by_capture() {
        return heard<Message>(*to_capture_);
    }
    template <typename Message>
    void monitor_says(const Message& message) {
        REQUIRE(monitor_->send_struct(message) == Channel::Sent::done);
    }
    template <typename Message>
    void capture_says(const Message& message) {
        REQUIRE(capture_->send_struct(message) == Channel::Sent::done);
    }
    void capture_says(const Bundle& bundle) {
        REQUIRE(capture_->send(bundle.datagram()) == Channel::Sent::done);
    }
    // The monitor closes its end. Returns the wait status of the process.
    int stop() {
        if (process_ < 0) return 0;
        from_validate_.reset();
        monitor_.reset();
        int status = -1;
        (void)waitpid(std::exchange(process_, -1), &status, 0);
        return status;
    }

  private:
    static int work(World& world, const message::ValidateSetup& setup, Channel monitor, Channel capture) {
        try {
            Validator validator(setup, PolicyStore::open_for_reading(world.folder / "policy.db"),
                                setup.dry_run ? Ledger::open_copy(world.ledger_file)
                                              : Ledger::open(world.ledger_file),
                                std::move(monitor), std::move(capture));
            validator.serve();
            return 0;
        } catch (const std::exception& error) {
            journal("validator", error.what());
            return 1;
        }
    }
    template <typename Message>
    static Message heard(Mailbox& mailbox) {
        REQUIRE(mailbox.next() == Mailbox::Next::message);
        CAPTURE(static_cast<unsigned>(mailbox.kind()));
        const auto message = mailbox.as<Message>();
        REQUIRE(message);
        return *message;
    }

    pid_t process_ = -1;
    std::optional<Channel> monitor_;
    std::optional<Channel> capture_;
    std::optional<Mailbox> from_validate_;
    std::optional<Mailbox> to_capture_;
};

// A world by the real clock, because the validator has no other one.
struct Place {
    World w;
    Place() { w.now = SystemClock().now(); }
};

message::Release release_of(RowNumber hold, bool undo = false) {
    message::Release release;
    release.row = hold;
    release.why = message::Release::Why::by_administrator;
    release.undo = undo;
    return release;
}

message::Done done_of(RowNumber row, Outcome outcome) {
    message::Done done;
    done.row = row;
    done.outcome = outcome;
    return done;
}

} // namespace

TEST_CASE("at start: every hold, then that it is ready, then every open command") {
    Place p;
    const Member anna = p.w.add("anna", "let-in", {.command = door(1h)});
    const Member ben = p.w.add("ben", "ssh", {.command = forward(1h)});
    const Outbox before = p.w.take({p.w.hit(anna, 99), p.w.hit(ben, 99)});
    REQUIRE(before.acts.size() == 2);
    Running running(p.w);
    for (const message::Act& act : before.acts) {
        const auto held = running.heard_by_monitor<message::Held>();
        CHECK(held.row == act.row.row);
        CHECK(held.deadline == act.deadline);
        CHECK(held.port == act.port);
    }
    const auto ready = running.heard_by_monitor<message::ValidateReady>();
    CHECK(ready.acceptance == message::Acceptance::open);
    CHECK(ready.grants == 2);
    for (const message::Act& act : before.acts) {
        const auto asked = running.heard_by_monitor<message::Act>();
        CHECK(asked.ask_only == 1);
        CHECK(asked.row.row == act.row.row);
    }
    CHECK(running.heard_by_capture<message::Watch>().entries[0].what == message::WatchEntry::What::reset);
    CHECK(running.stop() == 0);
}

TEST_CASE("a knock, its end, the end of its hold, and what dns is told") {
    Place p;
    const Member anna = p.w.add("anna", "let-in", {.command = door(1h)});
    Running running(p.w);
    (void)running.heard_by_monitor<message::ValidateReady>();
    (void)running.heard_by_capture<message::Watch>();

    running.capture_says(p.w.hit(anna, 98));
    const auto act = running.heard_by_monitor<message::Act>();
    CHECK(act.hold == act.row.row);
    CHECK(act.deadline > to_nanoseconds(p.w.now));
    (void)running.heard_by_capture<message::Watch>();

    message::Done opened = done_of(act.row.row, Outcome::opened);
    opened.port = 22;
    opened.deadline = act.deadline;
    running.monitor_says(opened);
    const auto confirm = running.heard_by_capture<message::Confirm>();
    CHECK(confirm.value == anna.at(98));
    CHECK(confirm.text.view() == "open 22");
    CHECK(confirm.deadline == act.deadline);
    CHECK(running.heard_by_monitor<message::Stored>().row == act.row.row);

    running.monitor_says(release_of(act.hold, true));
    const auto released = running.heard_by_monitor<message::Released>();
    CHECK(released.hold == act.hold);
    CHECK(released.undo == 1);
    running.monitor_says(done_of(released.row.row, Outcome::exited));
    CHECK(running.heard_by_monitor<message::Stored>().row == released.row.row);

    // No word to capture about the undo: what comes next is about the next knock.
    p.w.admin->set_grant_enabled(anna.grant, false);
    running.capture_says(p.w.hit(anna, 97));
    CHECK(running.heard_by_monitor<message::Report>().refusal == Refusal::grant_disabled);
    CHECK(running.heard_by_capture<message::Confirm>().text.view() == "refused grant disabled");
    CHECK(running.stop() == 0);
    p.w.restart();
    CHECK(p.w.ledger->holds().empty());
    CHECK(p.w.ledger->open_commands().empty());
    CHECK_FALSE(p.w.ledger->verify({released.row}));
}

TEST_CASE("of a capture that breaks its contract nothing more is heard, and its successor is") {
    Place p;
    const Member anna = p.w.add("anna", "let-in", {.command = door(1h)});
    Running running(p.w);
    (void)running.heard_by_monitor<message::ValidateReady>();
    Bundle bundle;
    REQUIRE(bundle.add(p.w.hit(anna, 99), message::Ended{}, message::Stored{}, p.w.hit(anna, 97)));
    running.capture_says(bundle);
    CHECK(running.heard_by_monitor<message::Act>().count == 99);
    (void)running.heard_by_monitor<message::BrokenCapture>();
    running.capture_says(p.w.hit(anna, 98)); // 97 was not heard, or this would be late
    CHECK(running.heard_by_monitor<message::Act>().count == 98);
    CHECK(running.stop() == 0);
}

TEST_CASE("hits that come together share one commit, more of them than a batch has, too") {
    Place p;
    std::vector<Member> members;
    for (int number = 0; number < 600; ++number)
        members.push_back(p.w.add(fmt::format("user{}", number), "let-in", {.command = door(1h)}));
    Running running(p.w);
    (void)running.heard_by_monitor<message::ValidateReady>();
    Bundle bundle;
    for (const Member& member : members) {
        const message::Hit hit = p.w.hit(member, 99);
        if (bundle.add(hit)) continue;
        running.capture_says(bundle);
        bundle.clear();
        REQUIRE(bundle.add(hit));
    }
    running.capture_says(bundle);
    std::set<GrantId> acted;
    while (acted.size() < members.size())
        REQUIRE(acted.insert(running.heard_by_monitor<message::Act>().grant).second);
    CHECK(running.stop() == 0);
}

TEST_CASE("a release that cannot be written is tried again without being asked") {
    Place p;
    const Member anna = p.w.add("anna", "let-in", {.command = door(1h)});
    const Outbox before = p.w.take({p.w.hit(anna, 99), p.w.hit(anna, 98)});
    Running running(p.w);
    (void)running.heard_by_monitor<message::Held>();
    (void)running.heard_by_monitor<message::ValidateReady>();
    (void)running.heard_by_monitor<message::Act>();
    (void)running.heard_by_monitor<message::Act>();
    (void)running.heard_by_capture<message::Watch>();
    {
        const World::Failing failing(p.w, "DELETE ON hold");
        running.monitor_says(release_of(before.acts.at(0).hold));
        for (const message::Act& act : before.acts) {
            running.monitor_says(done_of(act.row.row, Outcome::closed));
            (void)running.heard_by_capture<message::Confirm>();
            CHECK(running.heard_by_monitor<message::Stored>().row == act.row.row);
        }
        // What is answered here comes after all that the monitor said was tried.
        running.capture_says(message::Begin{});
        (void)running.heard_by_capture<message::Watch>();
    }
    CHECK(running.heard_by_monitor<message::Released>().hold == before.acts[0].hold);
    CHECK(running.stop() == 0);
}

TEST_CASE("a request of the administrator is done while it runs, and capture looks for the new image") {
    Place p;
    const Member anna = p.w.add("anna", "run");
    Running running(p.w);
    (void)running.heard_by_monitor<message::ValidateReady>();
    (void)running.heard_by_capture<message::Watch>();
    p.w.admin->add_request({.kind = Request::Kind::resync, .grant = anna.grant, .value = anna.at(40)});
    CHECK(running.heard_by_capture<message::Watch>().count == 2 + 60);
    running.capture_says(p.w.hit(anna, 39));
    CHECK(running.heard_by_monitor<message::Act>().count == 39);
    (void)running.heard_by_capture<message::Watch>();
    p.w.admin->add_request({.kind = Request::Kind::resync, .grant = anna.grant, .value = anna.at(9)});
    CHECK(running.heard_by_capture<message::Watch>().count == 2 + 30);
    CHECK(running.stop() == 0);
}

TEST_CASE("a request that was made while nobody ran is done at start") {
    Place p;
    const Member anna = p.w.add("anna", "run");
    p.w.admin->add_request({.kind = Request::Kind::resync, .grant = anna.grant, .value = anna.at(40)});
    Running running(p.w);
    (void)running.heard_by_capture<message::Watch>();
    (void)running.heard_by_capture<message::Watch>();
    CHECK(running.stop() == 0);
    p.w.restart();
    CHECK(p.w.ledger->position(anna.chain)->count == 40);
}

TEST_CASE("rows that are too old go at start, batch after batch") {
    Place p;
    p.w.ledger->begin();
    for (int i = 0; i < 2500; ++i) {
        Row row;
        row.at = p.w.now - 24h;
        row.kind = RowKind::started;
        (void)p.w.ledger->append(row);
    }
    p.w.ledger->commit();
    Running running(p.w, [](message::ValidateSetup& setup) { setup.keep = 3600; });
    (void)running.heard_by_monitor<message::ValidateReady>();
    const Ledger reader = Ledger::open_for_reading(p.w.ledger_file);
    while (reader.checkpoint().row != RowNumber{2501})
        std::this_thread::sleep_for(10ms);
    CHECK(reader.rows({}, SIZE_MAX).size() == 1); // this run's own
    CHECK_FALSE(reader.verify({}));
    CHECK(running.stop() == 0);
}

TEST_CASE("reading a file changes nothing and answers nobody") {
    Place p;
    GrantRules rules;
    rules.carriers = *parse_carriers("icmp");
    const Member anna = p.w.add("anna", "let-in", {.rules = rules, .command = door(1h)});
    REQUIRE(p.w.take({p.w.hit(anna, 99, from("192.0.2.7", Carrier::icmp))}).acts.size() == 1);
    p.w.admin->add_request({.kind = Request::Kind::resync, .grant = anna.grant, .value = anna.at(40)});
    Running running(p.w, [](message::ValidateSetup& setup) {
        setup.dry_run = true;
        setup.confirm = false;
        setup.keep = 1;
    });
    (void)running.heard_by_monitor<message::ValidateReady>(); // no hold, no question
    running.capture_says(message::Begin{});
    (void)running.heard_by_capture<message::Watch>();
    running.capture_says(p.w.hit(anna, 98));
    CHECK(running.heard_by_monitor<message::Report>().refusal == Refusal::carrier_not_allowed);
    (void)running.heard_by_capture<message::Watch>(); // and no Confirm before it
    // The counters come at the end of a period, after all else that is done then.
    running.capture_says(p.w.hit(anna, 98));
    CHECK(running.heard_by_monitor<message::Report>().what == message::Report::What::duplicate);
    (void)running.heard_by_monitor<message::ValidateCounters>();
    (void)running.heard_by_capture<message::Watch>();
    running.capture_says(message::Begin{});
    CHECK(running.heard_by_capture<message::Watch>().entries[0].what == message::WatchEntry::What::reset);
    running.capture_says(message::Ended{});
    (void)running.heard_by_monitor<message::Ended>();
    CHECK(running.stop() == 0);
    p.w.restart();
    CHECK(p.w.ledger->position(anna.chain)->count == 99);
    CHECK(p.w.ledger->last_request() == 0);
}
