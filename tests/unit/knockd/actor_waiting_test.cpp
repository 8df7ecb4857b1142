// Dynamic requests as the monitor sees them: announced by a first Act, ended or opened by a second.

#include "knockd/monitor/contract.h"
#include "tests/unit/knockd/lasting.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;
using Stage = message::Act::Stage;
using Why = message::Release::Why;

namespace {

Command forward_command() {
    Command command;
    command.name = "ssh";
    command.kind = CommandKind::forward;
    command.target = {*Address::parse("127.0.0.1"), 22};
    command.hold = 60s;
    return command;
}

struct Waiting : Lasting {
    message::Act first;

    Waiting() : Lasting([](const Lasting&) { return forward_command(); }), first(act()) {
        first.stage = Stage::waits;
        first.address = first.source;
    }
    // The second Act.
    message::Act second(Stage stage) {
        message::Act made = first;
        made.stage = stage;
        if (stage != Stage::arrived) return made;
        made.hold = first.row.row;
        made.port = 61'234;
        made.deadline = to_nanoseconds(clock.now() + 60s);
        return made;
    }
    [[nodiscard]] const message::Done& last() const { return sent.back().done; }
};

} // namespace

TEST_CASE_FIXTURE(Waiting, "nothing is opened before the second Act, and then the door at its port") {
    REQUIRE(actor->act(first));
    CHECK(sent.empty());
    CHECK(doorway.opened.empty());
    CHECK(status.accepted == 1);
    CHECK(mark.head()->row == first.row.row);

    // Other knocks come between: the second Act has an older row.
    message::Act other = act();
    other.hold = other.row.row;
    other.address = other.source;
    other.port = 61'000;
    other.deadline = to_nanoseconds(clock.now() + 60s);
    REQUIRE(actor->act(other));
    CHECK(doorway.opened.size() == 1);

    REQUIRE(actor->act(second(Stage::arrived)));
    REQUIRE(doorway.opened.size() == 2);
    CHECK(doorway.opened[1].row == first.row.row);
    CHECK(last().row == first.row.row);
    CHECK(last().outcome == Outcome::opened);
    CHECK(last().port == 61'234);
    CHECK(last().deadline == to_nanoseconds(clock.now() + 60s));
    CHECK(status.accepted == 2); // counted once
    CHECK(mark.head()->row == other.row.row);
}

TEST_CASE_FIXTURE(Waiting, "a second Act comes once, and only for a request that was announced") {
    CHECK_FALSE(actor->act(second(Stage::arrived)));
    CHECK_FALSE(actor->act(second(Stage::no_syns)));
    REQUIRE(actor->act(first));
    CHECK_FALSE(actor->act(first)); // nor the first one again
    SUBCASE("opened") {
        REQUIRE(actor->act(second(Stage::arrived)));
        CHECK(doorway.opened.size() == 1);
    }
    SUBCASE("ended") { REQUIRE(actor->act(second(Stage::no_syns))); }
    const std::size_t opened = doorway.opened.size();
    CHECK_FALSE(actor->act(second(Stage::arrived)));
    CHECK_FALSE(actor->act(second(Stage::replaced)));
    CHECK(doorway.opened.size() == opened);
    CHECK(sent.size() == 1);
}

TEST_CASE_FIXTURE(Waiting, "a second Act for another grant breaks the contract") {
    REQUIRE(actor->act(first));
    message::Act arrived = second(Stage::arrived);
    arrived.grant = GrantId{static_cast<std::int64_t>(arrived.grant) + 1};
    CHECK_FALSE(actor->act(arrived));
    CHECK(doorway.opened.empty());
}

TEST_CASE_FIXTURE(Waiting, "how a request ends without a door") {
    struct Case {
        Stage stage;
        Outcome outcome;
        std::string_view text;
    };
    for (const Case& each : {Case{Stage::no_syns, Outcome::no_syns, "within 10 s"},
                             Case{Stage::replaced, Outcome::no_syns, "before a newer request took its place"},
                             Case{Stage::not_held, Outcome::not_started, "its hold could not be recorded"}}) {
        first.row.row = RowNumber{++next};
        REQUIRE(actor->act(first));
        REQUIRE(actor->act(second(each.stage)));
        CHECK(last().row == first.row.row);
        CHECK(last().outcome == each.outcome);
        CHECK(last().text.view() == each.text);
    }
    CHECK(doorway.opened.empty());
    CHECK(releases.empty());
    CHECK(actor->holds().size() == 0);
}

TEST_CASE_FIXTURE(Waiting, "refused at once, while validate already says that the SYNs have come") {
    files.admin.set_grant_enabled(files.grant, false);
    REQUIRE(actor->act(first));
    REQUIRE(sent.size() == 1);
    CHECK(last().outcome == Outcome::refused);
    CHECK(last().refusal == Refusal::grant_disabled);
    REQUIRE(actor->act(second(Stage::arrived))); // on its way when we refused: no broken contract
    CHECK(doorway.opened.empty());
    REQUIRE(releases.size() == 1); // the ledger has a hold of it, which goes
    CHECK(releases[0].row == first.row.row);
    CHECK(releases[0].why == Why::not_begun);
    CHECK(sent.size() == 1);
    CHECK_FALSE(actor->act(second(Stage::arrived)));
}

TEST_CASE_FIXTURE(Waiting, "refused at once and stored: nothing more can come") {
    files.admin.set_grant_enabled(files.grant, false);
    REQUIRE(actor->act(first));
    message::Stored stored;
    stored.row = first.row.row;
    stored.head.row = RowNumber{++next};
    actor->stored(stored);
    CHECK_FALSE(actor->act(second(Stage::arrived)));
}

TEST_CASE_FIXTURE(Waiting, "revoked while it waits: refused when its SYNs have come") {
    REQUIRE(actor->act(first));
    files.admin.set_grant_enabled(files.grant, false);
    clock.advance(1s);
    REQUIRE(actor->act(second(Stage::arrived)));
    CHECK(doorway.opened.empty());
    CHECK(last().outcome == Outcome::refused);
    REQUIRE(releases.size() == 1);
    CHECK(releases[0].why == Why::not_begun);
}

TEST_CASE_FIXTURE(Waiting, "a door that cannot be opened is told, and its hold goes") {
    REQUIRE(actor->act(first));
    doorway.trouble = "no port is free";
    REQUIRE(actor->act(second(Stage::arrived)));
    CHECK(last().outcome == Outcome::not_started);
    CHECK(last().text.view() == "no port is free");
    REQUIRE(releases.size() == 1);
    CHECK(releases[0].why == Why::not_begun);
}

TEST_CASE_FIXTURE(Waiting, "after a restart of validate a request that waited was interrupted") {
    REQUIRE(actor->act(first));
    message::Act ask = first;
    ask.stage = Stage::at_once;
    ask.ask_only = 1;
    REQUIRE(actor->asked(ask));
    CHECK(last().outcome == Outcome::interrupted);
    CHECK_FALSE(actor->act(second(Stage::arrived)));
    CHECK(doorway.opened.empty());
}

TEST_CASE_FIXTURE(Waiting, "which Acts of a dynamic request keep to the contract") {
    CHECK(well_formed(first));
    for (const Stage stage : {Stage::arrived, Stage::no_syns, Stage::replaced, Stage::not_held})
        CHECK(well_formed(second(stage)));
    message::Act wrong = first;
    SUBCASE("a hold before its SYNs") { wrong.hold = wrong.row.row; }
    SUBCASE("a door without a hold") { wrong.stage = Stage::arrived; }
    SUBCASE("an end with a hold") {
        wrong.stage = Stage::no_syns;
        wrong.hold = wrong.row.row;
    }
    SUBCASE("a question") { wrong.ask_only = 1; }
    SUBCASE("by dns") { wrong.carrier = Carrier::dns; }
    SUBCASE("no such stage") { wrong.stage = static_cast<Stage>(static_cast<unsigned>(Stage::not_held) + 1); }
    CHECK_FALSE(well_formed(wrong));
}

TEST_CASE_FIXTURE(Waiting, "as many may wait as validate may have twice, and no more") {
    std::size_t waiting = 0;
    for (; actor->act(first); first.row.row = RowNumber{++next})
        ++waiting;
    CHECK(waiting == 2 * message::most_sessions);
}
