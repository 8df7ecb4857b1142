// A ledger that cannot be written loses the batch and nothing else: not spent, not acted on, not remembered.

#include "knockd/validate/ends.h"
#include "tests/unit/knockd/no_room.h"
#include "tests/unit/knockd/world.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

TEST_CASE("a batch that cannot be written is lost as a whole, and works afterwards") {
    World w;
    const Member anna = w.add("anna", "open");
    const Member ben = w.add("ben", "open");
    REQUIRE(w.knock(anna, 97).size() == 1); // 99 and 98 jumped over
    w.now += std::chrono::minutes{2};
    const auto before = w.state();
    const Head head = w.ledger->head();
    // New knocks, one of them overtaking, a replay, a late one, and the same again as a duplicate.
    const std::vector<message::Hit> batch{
        w.hit(anna, 96), w.hit(ben, 98),  w.hit(ben, 98),  w.hit(ben, 99),
        w.hit(anna, 97), w.hit(anna, 99), w.hit(anna, 90), w.hit(anna, 96, from("198.51.100.1"))};
    {
        const NoRoom no_room(w.ledger_file);
        for (int attempt = 0; attempt < 3; ++attempt) {
            const Outbox out = w.take(batch);
            CHECK(out.lost == batch.size());
            CHECK_FALSE(out.trouble.empty());
            CHECK(out.acts.empty());
            CHECK(out.reports.empty());
            CHECK(out.watches.empty());
            CHECK(w.state() == before);
            CHECK(w.ledger->head() == head);
        }
    }
    CHECK(w.ledger->position(anna.chain)->count == 97);
    CHECK_FALSE(w.ledger->position(ben.chain));
    CHECK(w.judge(batch) == Verdicts{"act anna/open 96 for 192.0.2.7", "act ben/open 98 for 192.0.2.7",
                                     "act anna/open 90 for 192.0.2.7", "ben/open 99 late",
                                     "anna/open 97 replay", "anna/open 99 late",
                                     "anna/open 96 contested, first from 192.0.2.7"});
    CHECK_FALSE(w.ledger->verify({head}));
}

TEST_CASE("a policy that cannot be read in mid-batch loses the batch as a whole") {
    World w;
    const Member anna = w.add("anna", "open");
    const Member ben = w.add("ben", "close");
    const auto before = w.state();
    const Head head = w.ledger->head();
    const auto set_arguments = [&w](const char* argv) {
        raw(w.folder / "policy.db", fmt::format("PRAGMA ignore_check_constraints = ON; "
                                                "UPDATE command SET argv = '{}' WHERE name = 'close'",
                                                argv));
    };
    set_arguments("nonsense");
    CHECK(w.take({w.hit(anna, 99), w.hit(ben, 99)}).lost == 2);
    CHECK(w.state() == before);
    CHECK(w.ledger->head() == head);
    set_arguments("[\"/bin/true\"]");
    CHECK(w.judge({w.hit(anna, 99), w.hit(ben, 99)}).size() == 2);
    CHECK_FALSE(w.ledger->verify({head}));
}

TEST_CASE("a duplicate needs no ledger") {
    World w;
    const Member anna = w.add("anna", "open");
    REQUIRE(w.knock(anna, 99).size() == 1);
    const NoRoom no_room(w.ledger_file);
    const Outbox out = w.take({w.hit(anna, 99)});
    CHECK(out.lost == 0);
    CHECK(out.acts.empty());
}

TEST_CASE("after a lost batch a restart finds what it would have found before") {
    World w;
    const Member anna = w.add("anna", "open");
    REQUIRE(w.knock(anna, 99).size() == 1);
    const auto before = w.state();
    {
        const NoRoom no_room(w.ledger_file);
        CHECK(w.take({w.hit(anna, 98)}).lost == 1);
    }
    w.restart();
    CHECK(w.state() == before);
    CHECK(w.knock(anna, 98) == Verdicts{"act anna/open 98 for 192.0.2.7"});
}

TEST_CASE("ends that cannot be stored stay, and are stored afterwards") {
    World w;
    const Member anna = w.add("anna", "open");
    const Outbox out = w.take({w.hit(anna, 99)});
    message::Done done;
    done.row = out.acts.at(0).row.row;
    done.outcome = Outcome::exited;
    Ends ends;
    ends.take(done);
    {
        const NoRoom no_room(w.ledger_file);
        CHECK_THROWS_AS((void)ends.store(*w.ledger, w.now), Error);
        CHECK_THROWS_AS((void)ends.store(*w.ledger, w.now), Error);
    }
    CHECK(w.ledger->open_commands().size() == 1);
    CHECK(ends.store(*w.ledger, w.now).size() == 1);
    CHECK(w.ledger->open_commands().empty());
    CHECK(ends.store(*w.ledger, w.now).empty());
}
