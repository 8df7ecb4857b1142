// Doors and holds that are over: the hold goes and a row comes, in one transaction (DESIGN 9). And what a
// restart tells of those that are not.

#include "knockd/validate/releases.h"
#include "knockd/validate/resuming.h"
#include "tests/unit/knockd/no_room.h"
#include "tests/unit/knockd/world.h"
#include "tests/unit/sys/helpers.h"

#include <doctest/doctest.h>

#include <csignal>

using namespace otk;
using namespace otk::test;
using namespace std::chrono_literals;

namespace {

using Why = message::Release::Why;

message::Release release_of(const message::Act& act, Why why, bool undo = false) {
    message::Release release;
    release.row = act.hold;
    release.why = why;
    release.undo = undo;
    release.deadline = act.deadline;
    return release;
}

struct Holding {
    World w;
    Member anna = w.add("anna", "let-in", {.command = door(60s)});
    Releases releases;
    Count next = 100;
    message::Act begin(const char* source = "192.0.2.7") {
        return w.take({w.hit(anna, --next, from(source, Carrier::icmp))}).acts.at(0);
    }
    std::vector<message::Released> store() { return releases.store(*w.ledger, w.now); }
};

} // namespace

TEST_CASE("a hold whose time is over is closed, on record, and answered") {
    Holding h;
    const message::Act act = h.begin();
    h.w.now += 60s;
    h.releases.take(release_of(act, Why::time));
    const auto answers = h.store();
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].hold == act.hold);
    CHECK(answers[0].row == h.w.ledger->head());
    CHECK(answers[0].undo == 0);
    CHECK(h.w.ledger->holds().empty());
    const auto rows = h.w.rows(RowKind::closed);
    REQUIRE(rows.size() == 1);
    const Row& row = rows[0];
    CHECK(row.number == answers[0].row.row);
    CHECK(row.of == act.hold);
    CHECK(row.at == h.w.now);
    CHECK(row.grant == h.anna.grant);
    CHECK(row.chain == h.anna.chain);
    CHECK(row.user == "anna");
    CHECK(row.command == "let-in");
    CHECK(row.count == 99);
    CHECK(row.address == *Address::parse("192.0.2.7"));
    CHECK(row.value.empty());
    CHECK(row.text == "its time was over");
    CHECK_FALSE(h.w.ledger->verify({answers[0].row}));
    CHECK(h.store().empty());
}

TEST_CASE("every reason has its words") {
    const std::vector<std::pair<Why, std::string>> reasons{
        {Why::time, "its time was over"},     {Why::revoked, "revoked"},
        {Why::by_knock, "closed by a knock"}, {Why::by_administrator, "closed by an administrator"},
        {Why::not_begun, "was never begun"},  {Why::lost, "its relay was lost"}};
    for (const auto& [why, text] : reasons) {
        Holding h;
        h.releases.take(release_of(h.begin(), why));
        REQUIRE(h.store().size() == 1);
        CHECK(h.w.rows(RowKind::closed).at(0).text == text);
    }
}

TEST_CASE("where something is to be undone the row is an undo row, and waits for its end") {
    Holding h;
    const message::Act act = h.begin();
    h.releases.take(release_of(act, Why::revoked, true));
    const auto answers = h.store();
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].undo == 1);
    CHECK(h.w.rows(RowKind::closed).empty());
    const auto rows = h.w.rows(RowKind::undo);
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].of == act.hold);
    CHECK(rows[0].text == "revoked");
    const auto open = h.w.ledger->open_commands();
    REQUIRE(open.size() == 2); // the knock's own, and the undo
    CHECK(open[1].number == answers[0].row.row);
}

TEST_CASE("to ask twice does nothing twice, before and after a restart") {
    Holding h;
    const message::Act act = h.begin();
    h.releases.take(release_of(act, Why::time, true));
    h.releases.take(release_of(act, Why::by_administrator, true));
    auto answers = h.store();
    REQUIRE(answers.size() == 2);
    CHECK(answers[0].row == h.w.ledger->head());
    CHECK(answers[1].hold == act.hold);
    CHECK(answers[1].row == Head{});
    CHECK(answers[1].undo == 0);
    h.w.restart();
    h.releases.take(release_of(act, Why::time, true));
    answers = h.store();
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].row == Head{});
    CHECK(h.w.rows(RowKind::undo).size() == 1);
}

TEST_CASE("a hold that a knock has prolonged is not over by its old deadline, and is by its new one") {
    Holding h;
    const message::Act first = h.begin();
    h.w.now += 30s;
    const message::Act second = h.begin();
    REQUIRE(second.hold == first.hold);
    h.releases.take(release_of(first, Why::time));
    CHECK(h.store().empty());
    CHECK(h.store().empty()); // and it is not kept for later
    CHECK(h.w.ledger->holds().size() == 1);
    h.releases.take(release_of(second, Why::time));
    CHECK(h.store().size() == 1);
    CHECK(h.w.ledger->holds().empty());
}

TEST_CASE("every other reason ends it, whatever the deadline") {
    for (const Why why : {Why::revoked, Why::by_knock, Why::by_administrator, Why::not_begun, Why::lost}) {
        Holding h;
        const message::Act first = h.begin();
        h.w.now += 30s;
        (void)h.begin();
        h.releases.take(release_of(first, why));
        CHECK(h.store().size() == 1);
        CHECK(h.w.ledger->holds().empty());
    }
}

TEST_CASE("after its end a knock begins a new hold") {
    Holding h;
    const message::Act first = h.begin();
    h.releases.take(release_of(first, Why::by_knock));
    REQUIRE(h.store().size() == 1);
    const message::Act second = h.begin();
    CHECK(second.hold == second.row.row);
    CHECK(second.hold != first.hold);
}

TEST_CASE("several releases share one transaction: all of them or none") {
    Holding h;
    const message::Act first = h.begin("192.0.2.1");
    const message::Act second = h.begin("192.0.2.2");
    const message::Act third = h.begin("192.0.2.3");
    for (const message::Act& act : {first, second})
        h.releases.take(release_of(act, Why::revoked));
    const auto holds = h.w.ledger->holds();
    const Head head = h.w.ledger->head();
    {
        const World::Failing failing(h.w, "DELETE ON hold WHEN old.row = " +
                                              std::to_string(static_cast<std::int64_t>(second.hold)));
        for (int attempt = 0; attempt < 2; ++attempt) {
            CHECK_THROWS_AS((void)h.store(), Error);
            CHECK(h.w.ledger->holds() == holds);
            CHECK(h.w.ledger->head() == head);
        }
        h.releases.take(release_of(third, Why::revoked)); // joins those that wait
    }
    CHECK(h.store().size() == 3);
    CHECK(h.w.ledger->holds().empty());
    CHECK(h.w.rows(RowKind::closed).size() == 3);
    CHECK_FALSE(h.w.ledger->verify({head}));
}

TEST_CASE("a row that cannot be read stops all of them, and leaves nothing half done") {
    Holding h;
    const message::Act first = h.begin("192.0.2.1");
    const message::Act second = h.begin("192.0.2.2");
    h.w.restart(); // a ledger remembers the rows that it has written
    for (const message::Act& act : {first, second})
        h.releases.take(release_of(act, Why::revoked));
    const auto set_kind_of_second = [&](RowKind kind) {
        raw(h.w.ledger_file, fmt::format("PRAGMA ignore_check_constraints = ON; "
                                         "UPDATE event SET kind = {} WHERE number = {}",
                                         static_cast<int>(kind), static_cast<std::int64_t>(second.row.row)));
    };
    raw(h.w.ledger_file, "DROP TRIGGER event_never_changes");
    set_kind_of_second(RowKind{99});
    CHECK_THROWS_AS((void)h.store(), Error);
    CHECK(h.w.ledger->holds().size() == 2);
    set_kind_of_second(RowKind::accepted);
    CHECK(h.store().size() == 2);
    CHECK(h.w.ledger->holds().empty());
}

TEST_CASE("a full disk keeps a release waiting") {
    Holding h;
    h.releases.take(release_of(h.begin(), Why::time));
    {
        const NoRoom no_room(h.w.ledger_file);
        CHECK_THROWS_AS((void)h.store(), Error);
    }
    CHECK(h.w.ledger->holds().size() == 1);
    CHECK(h.store().size() == 1);
    CHECK(h.w.ledger->holds().empty());
}

TEST_CASE("a monitor that releases nonsense ends the process") {
    const auto dies = [](const std::function<void(message::Release&)>& change) {
        return killed_by(status_of([&] {
                             message::Release release;
                             release.row = RowNumber{5};
                             release.why = Why::time;
                             release.deadline = 1;
                             change(release);
                             Releases releases;
                             releases.take(release);
                         }),
                         SIGABRT);
    };
    CHECK_FALSE(dies([](message::Release&) {}));
    CHECK(dies([](message::Release& release) { release.why = Why{}; }));
    CHECK(dies(
        [](message::Release& release) { release.why = static_cast<Why>(static_cast<int>(Why::lost) + 1); }));
    CHECK(dies([](message::Release& release) { release.row = RowNumber{}; }));
    CHECK(dies([](message::Release& release) { release.deadline = -1; }));
}

TEST_CASE("a start tells of every hold, with what its knock was") {
    World w;
    const Member anna = w.add("anna", "let-in", {.command = door(60s)});
    const Member ben = w.add("ben", "ssh", {.command = forward(90s)});
    CHECK(held(*w.ledger).empty());
    const Outbox out =
        w.take({w.hit(ben, 98, from("2001:db8::7", Carrier::icmp)), w.hit(anna, 99), w.hit(anna, 97)});
    w.restart();
    const auto holds = held(*w.ledger);
    REQUIRE(holds.size() == 2); // the third knock prolonged
    CHECK(holds[0].row == out.acts.at(0).row.row);
    CHECK(holds[0].grant == ben.grant);
    CHECK(holds[0].address == *Address::parse("2001:db8::7"));
    CHECK(holds[0].count == 98);
    CHECK(holds[0].carrier == Carrier::icmp);
    CHECK(holds[0].port == out.acts[0].port);
    CHECK(from_nanoseconds(holds[0].deadline) == w.now + 90s);
    CHECK(holds[1].row == out.acts.at(1).row.row);
    CHECK(holds[1].count == 99);
    CHECK(holds[1].port == 0);
}

TEST_CASE("a start asks for every open command, and for undos by their hold") {
    Holding h;
    CHECK(questions(*h.w.ledger).empty());
    const message::Act over = h.begin("192.0.2.1");
    const message::Act open = h.begin("192.0.2.2");
    h.releases.take(release_of(over, Why::time, true));
    const Head undo = h.store().at(0).row;
    h.w.restart();
    const auto asked = questions(*h.w.ledger);
    REQUIRE(asked.size() == 3);
    for (const message::Act& each : asked) {
        CHECK(each.ask_only == 1);
        CHECK(each.grant == h.anna.grant);
        CHECK(each.carrier == Carrier::icmp); // of the undo too, which it tells its command
    }
    CHECK(asked[0].row.row == over.row.row);
    CHECK(asked[0].hold == RowNumber{}); // it is gone
    CHECK(asked[0].undo == 0);
    CHECK(asked[1].row.row == open.row.row);
    CHECK(asked[1].hold == open.hold);
    CHECK(asked[1].deadline == open.deadline);
    CHECK(asked[1].address == *Address::parse("192.0.2.2"));
    CHECK(asked[2].row.row == undo.row);
    CHECK(asked[2].undo == 1);
    CHECK(asked[2].hold == over.hold);
    CHECK(asked[2].count == over.count);
    CHECK(asked[2].address == *Address::parse("192.0.2.1"));
}
