// Old rows and outputs go in small transactions, and what is left verifies (DESIGN 8).

#include "knockd/validate/ends.h"
#include "knockd/validate/retention.h"
#include "tests/unit/knockd/no_room.h"
#include "tests/unit/knockd/world.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;
using namespace std::chrono_literals;

namespace {

// A ledger with so many refused knocks, a minute apart.
struct Full {
    World w;
    explicit Full(std::size_t rows) {
        w.ledger->begin();
        for (std::size_t i = 0; i < rows; ++i) {
            w.now += 1min;
            Row row;
            row.at = w.now;
            row.kind = RowKind::started;
            (void)w.ledger->append(row);
        }
        w.ledger->commit();
    }
    [[nodiscard]] std::size_t rows() const { return w.ledger->rows({}, SIZE_MAX).size(); }
};

} // namespace

TEST_CASE("rows go in batches of a thousand, and the last batch says so") {
    Full full(2600); // and the first row
    Retention retention(*full.w.ledger, 100min, 0s);
    CHECK(retention.work(full.w.now));
    CHECK(full.rows() == 1601);
    CHECK(retention.work(full.w.now));
    CHECK_FALSE(retention.work(full.w.now));
    CHECK(full.rows() == 101);
    CHECK_FALSE(full.w.ledger->verify({}));
    CHECK(full.w.ledger->rows({}, SIZE_MAX).back().at == full.w.now - 100min);
    CHECK_FALSE(retention.work(full.w.now)); // nothing is left to do
    CHECK(full.rows() == 101);
    full.w.now += 1min;
    CHECK_FALSE(retention.work(full.w.now));
    CHECK(full.rows() == 100);
}

TEST_CASE("for ever is for ever, and so is longer than there is time") {
    for (const auto keep : {0s, std::chrono::seconds::max(), std::chrono::seconds{100LL * 366 * 86'400}}) {
        Full full(10);
        Retention retention(*full.w.ledger, keep, keep);
        CHECK_FALSE(retention.work(full.w.now));
        CHECK(full.rows() == 11);
    }
}

TEST_CASE("outputs have their own time") {
    World w;
    const Member anna = w.add("anna", "run");
    std::vector<RowNumber> ended;
    for (Count count = 99; count > 96; --count) {
        const Outbox out = w.take({w.hit(anna, count)});
        Ends ends;
        message::Done done;
        done.row = out.acts.at(0).row.row;
        done.outcome = Outcome::exited;
        done.output_size = 3;
        ends.take(done);
        message::Output output;
        output.row = done.row;
        output.size = 3;
        ends.take(output);
        ended.push_back(ends.store(*w.ledger, w.now).at(0).head.row);
        w.now += 1h;
    }
    Retention retention(*w.ledger, 0s, 90min);
    CHECK_FALSE(retention.work(w.now));
    CHECK_FALSE(w.ledger->output(ended[0]));
    CHECK_FALSE(w.ledger->output(ended[1]));
    CHECK(w.ledger->output(ended[2]));
    CHECK(w.rows(RowKind::ended).size() == 3);
}

TEST_CASE("outputs go in batches too, also where few rows go") {
    Full full(1500);
    raw(full.w.ledger_file, "INSERT INTO output (ended, bytes, truncated) "
                            "SELECT number, x'61', 0 FROM event WHERE number > 1");
    Retention retention(*full.w.ledger, 10'000min, 1min);
    CHECK(retention.work(full.w.now));
    CHECK_FALSE(full.w.ledger->output(RowNumber{1001}));
    CHECK(full.w.ledger->output(RowNumber{1002}));
    CHECK_FALSE(retention.work(full.w.now));
    CHECK_FALSE(full.w.ledger->output(RowNumber{1499}));
    CHECK(full.w.ledger->output(RowNumber{1501}));
    CHECK(full.rows() == 1500); // the ledger's first row is older than all
}

TEST_CASE("what is still at work stays") {
    World w;
    const Member anna = w.add("anna", "let-in", {.command = door(60s)});
    const Outbox out = w.take({w.hit(anna, 99)});
    w.now += 24h;
    Retention retention(*w.ledger, 1h, 0s);
    CHECK_FALSE(retention.work(w.now));
    CHECK(w.ledger->row(out.acts.at(0).row.row));
    CHECK(w.ledger->holds().size() == 1);
    // The chain too stands where it stood.
    w.restart();
    CHECK(w.knock(anna, 98).size() == 1);
}

TEST_CASE("a disk that is full loses nothing, and pruning goes on afterwards") {
    Full full(1500);
    Retention retention(*full.w.ledger, 1min, 0s);
    {
        const NoRoom no_room(full.w.ledger_file);
        CHECK_THROWS_AS((void)retention.work(full.w.now), Error);
    }
    CHECK(full.rows() == 1501);
    {
        const World::Failing failing(full.w, "DELETE ON event WHEN old.number = 500");
        CHECK_THROWS_AS((void)retention.work(full.w.now), Error);
    }
    CHECK(full.rows() == 1501);
    CHECK_FALSE(full.w.ledger->verify({}));
    CHECK(retention.work(full.w.now));
    CHECK_FALSE(full.w.ledger->verify({}));
}

TEST_CASE("an end that is told again after its row has gone is acknowledged, and makes no row") {
    World w;
    const Member anna = w.add("anna", "run");
    Ends ends;
    message::Done done;
    done.row = w.take({w.hit(anna, 99)}).acts.at(0).row.row;
    done.outcome = Outcome::exited;
    ends.take(done);
    REQUIRE(ends.store(*w.ledger, w.now).size() == 1);
    w.now += 24h;
    REQUIRE(w.knock(anna, 98).size() == 1);
    Retention retention(*w.ledger, 1h, 0s);
    CHECK_FALSE(retention.work(w.now));
    REQUIRE_FALSE(w.ledger->row(done.row));
    ends.take(done);
    CHECK(ends.store(*w.ledger, w.now).at(0).row == done.row);
    CHECK(w.rows(RowKind::ended).empty());
}
