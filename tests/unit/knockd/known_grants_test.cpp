// What knockd-validate keeps of policy.db between knocks, and what it counts of them.

#include "knockd/validate/known_grants.h"
#include "tests/unit/knockd/world.h"

using namespace otk;
using namespace otk::test;

TEST_CASE("a change of a grant counts from the next batch on") {
    World w;
    const Member anna = w.add("anna", "open");
    KnownGrants grants(*w.policy);
    grants.begin();
    REQUIRE(grants.grant(anna.grant));
    CHECK(grants.grant(anna.grant)->grant.enabled);

    w.admin->set_grant_enabled(anna.grant, false);
    grants.begin();
    CHECK_FALSE(grants.grant(anna.grant)->grant.enabled);

    w.admin->remove_grant(anna.grant);
    grants.begin();
    CHECK_FALSE(grants.grant(anna.grant));
}

TEST_CASE("a grant that was not there is found when it is") {
    World w;
    const Member anna = w.add("anna", "open");
    KnownGrants grants(*w.policy);
    const GrantId next{static_cast<std::int64_t>(anna.grant) + 1};
    grants.begin();
    CHECK_FALSE(grants.grant(next));
    REQUIRE(w.add("berta", "open").grant == next);
    grants.begin();
    REQUIRE(grants.grant(next));
    CHECK(grants.grant(next)->user.name == "berta");
}

TEST_CASE("what must be read in a batch is of the same policy as what was known before") {
    World w;
    const Member anna = w.add("anna", "open");
    const Member berta = w.add("berta", "open");
    KnownGrants grants(*w.policy);
    grants.begin();
    REQUIRE(grants.grant(anna.grant)->grant.enabled);
    grants.begin();
    REQUIRE(grants.grant(anna.grant)->grant.enabled); // known: nothing is read
    w.admin->set_grant_enabled(anna.grant, false);
    w.admin->set_grant_enabled(berta.grant, false);
    CHECK_FALSE(grants.grant(berta.grant)->grant.enabled); // not known: it is read
    CHECK_FALSE(grants.grant(anna.grant)->grant.enabled);
}

namespace {

struct Counting {
    World w;
    Acceptance acceptance{w.book, w.memory, *w.ledger, *w.policy,
                          Acceptance::Settings{.window = 10, .forward_ports = World::forward_ports}};
    Outbox take(const std::vector<message::Hit>& hits) {
        return acceptance.take(hits, [this](const message::Hit&) { return w.now; });
    }
};

} // namespace

TEST_CASE_FIXTURE(Counting, "knocks that share a commit are counted, and so is the commit") {
    const Member anna = w.add("anna", "open");
    const Member berta = w.add("berta", "open");
    GrantRules over;
    over.expires_at = w.now - std::chrono::hours{1};
    const Member clara = w.add("clara", "open", {.rules = over}); // refused, and spent all the same
    (void)take({w.hit(anna, 99), w.hit(berta, 99), w.hit(clara, 99), w.hit(anna, 99)});
    (void)take({w.hit(anna, 98)});
    (void)take({w.hit(anna, 98), w.hit(berta, 99)}); // duplicates: nothing is written
    const message::ValidateCounters& counters = acceptance.counters();
    CHECK(counters.spent == 4);
    CHECK(counters.commits == 2);
    CHECK(counters.largest_batch == 4);
    CHECK(counters.duplicates == 3);
    CHECK(counters.lost == 0);
}

TEST_CASE_FIXTURE(Counting, "hits of chains that have moved on are counted, and do nothing") {
    const Member anna = w.add("anna", "open");
    const Member berta = w.add("berta", "open");
    const Member clara = w.add("clara", "open");
    const message::ValidateCounters& counters = acceptance.counters();
    (void)take({w.hit(anna, 89)}); // beyond the window of 10
    CHECK(counters.stale == 1);
    const Enrolment fresh = enrolment(4711);
    w.admin->renew_grant(anna.grant, fresh, chain_id(fresh)); // and the book is not told yet
    w.admin->remove_grant(berta.grant);
    (void)take({w.hit(anna, 99), w.hit(berta, 99), w.hit(clara, 99), w.hit(clara, 99)});
    CHECK(counters.stale == 3);
    w.reload(); // now it is
    (void)take({w.hit(anna, 99), w.hit(berta, 99)});
    CHECK(counters.stale == 5);
    CHECK(counters.spent == 1); // clara's
    CHECK(counters.duplicates == 1);
    CHECK(counters.lost == 0);
    const World::Failing failing(w, "INSERT ON event");
    (void)take({w.hit(anna, 99), w.hit(clara, 98)}); // each hit is counted once, also in a batch that is lost
    CHECK(counters.stale == 5);
    CHECK(counters.lost == 2);
}

TEST_CASE_FIXTURE(Counting, "of a batch that could not be written only the loss is counted") {
    const Member anna = w.add("anna", "open");
    const Member berta = w.add("berta", "open");
    (void)take({w.hit(anna, 99)});
    {
        const World::Failing failing(w, "INSERT ON event");
        CHECK(take({w.hit(anna, 99), w.hit(berta, 99)}).lost == 2);
    }
    const message::ValidateCounters& counters = acceptance.counters();
    CHECK(counters.spent == 1);
    CHECK(counters.commits == 1);
    CHECK(counters.duplicates == 0);
    CHECK(counters.lost == 2);
    CHECK(take({w.hit(berta, 99)}).acts.size() == 1); // it stayed valid
}

TEST_CASE_FIXTURE(Counting, "a flood of duplicates and replays of one value makes no commit for each") {
    const Member anna = w.add("anna", "open");
    (void)take({w.hit(anna, 99)});
    const RowNumber spent = w.ledger->head().row;
    for (int i = 0; i < 1000; ++i)
        (void)take({w.hit(anna, 99)});
    CHECK(w.ledger->head().row == spent);
    w.now += std::chrono::hours{1};
    for (int i = 0; i < 1000; ++i)
        (void)take({w.hit(anna, 99), w.hit(anna, 99, from("198.51.100.9"))});
    CHECK(w.rows(RowKind::replay).size() == 1); // and no contested one: it was too late for that
    CHECK(static_cast<std::int64_t>(w.ledger->head().row) == static_cast<std::int64_t>(spent) + 1);
    CHECK(acceptance.counters().duplicates == 1000);
    CHECK(acceptance.counters().replays == 2000);
}
