// `knockmgr grant resync`: a chain is moved forward to a knock that the user reads out.

#include "knockd/validate/requests.h"
#include "tests/unit/knockd/no_room.h"
#include "tests/unit/knockd/world.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace otk;
using namespace otk::test;
using namespace std::chrono_literals;

namespace {

struct Asking {
    World w;
    std::optional<Requests> requests;
    Asking() { restart(); }

    void restart() {
        requests.reset();
        w.restart();
        requests.emplace(w.book, w.memory, *w.ledger, *w.policy);
    }
    std::int64_t ask(GrantId grant, const Value& value) {
        return w.admin->add_request({.kind = Request::Kind::resync, .grant = grant, .value = value});
    }
    std::optional<Requests::Answer> next() { return requests->next(w.policy->version(), w.now); }
    // The text of the one answer that is expected.
    std::string resync(const Member& member, const Value& value) {
        ask(member.grant, value);
        REQUIRE(next());
        CHECK_FALSE(next());
        return w.rows(RowKind::resynced).back().text;
    }
};

bool has(const std::vector<message::WatchEntry>& watches, message::WatchEntry::What what,
         const Value& value) {
    return std::count_if(watches.begin(), watches.end(),
                         [&](const auto& each) { return each.what == what && each.value == value; }) == 1;
}

} // namespace

TEST_CASE("a chain moves forward beyond the window, and all of it is on record") {
    for (const Algorithm algorithm : all_algorithms) {
        CAPTURE(name_of(algorithm));
        Asking a;
        const Member anna = a.w.add("anna", "run", {.algorithm = algorithm});
        REQUIRE(a.w.knock(anna, 99).size() == 1);
        const Time used = a.w.now;
        a.w.now += 1h;
        CHECK(a.w.knock(anna, 49).empty()); // noise
        const std::int64_t id = a.ask(anna.grant, anna.at(50));
        const auto answer = a.next();
        REQUIRE(answer);
        CHECK(answer->line ==
              fmt::format("anna/run: the chain was moved forward to knock 50 (by root, request {})", id));
        const auto rows = a.w.rows(RowKind::resynced);
        REQUIRE(rows.size() == 1);
        const Row& row = rows[0];
        CHECK(row.grant == anna.grant);
        CHECK(row.chain == anna.chain);
        CHECK(row.user == "anna");
        CHECK(row.command == "run");
        CHECK(row.count == 50);
        CHECK(row.jumped == 48);
        CHECK(row.algorithm == algorithm);
        CHECK(row.value == anna.at(50));
        CHECK(row.at == a.w.now);
        CHECK(row.text == fmt::format("by root, request {}", id));
        CHECK(a.w.ledger->last_request() == id);
        CHECK(a.w.ledger->position(anna.chain)->count == 50);
        CHECK(a.w.ledger->position(anna.chain)->at == used); // nobody has used it
        CHECK_FALSE(a.w.ledger->verify({}));
        CHECK(a.w.knock(anna, 49) == Verdicts{"act anna/run 49 for 192.0.2.7"});
    }
}

TEST_CASE("the value and those that were jumped over are late from now on, also after a restart") {
    Asking a;
    const Member anna = a.w.add("anna", "run");
    a.ask(anna.grant, anna.at(50));
    const auto answer = a.next();
    REQUIRE(answer);
    using What = message::WatchEntry::What;
    CHECK(answer->watches.size() == 2 + 50);
    CHECK(has(answer->watches, What::remove_image, anna.at(100)));
    CHECK(has(answer->watches, What::add_image, anna.at(50)));
    for (Count count = 50; count < 100; ++count)
        CHECK(has(answer->watches, What::add_new_known, anna.at(count)));
    const auto before = a.w.state();
    a.restart();
    CHECK(a.w.state() == before);
    for (const Count count : {Count{50}, Count{99}}) {
        CHECK(a.w.knock(anna, count) == Verdicts{fmt::format("anna/run {} late", count)});
        CHECK(a.w.rows(RowKind::late).back().user == "anna");
    }
}

TEST_CASE("of a long jump only the nearest values are remembered") {
    Asking a;
    const Member anna = a.w.add("anna", "run", {.length = 10'000});
    CHECK(a.resync(anna, anna.at(100)).starts_with("by root"));
    CHECK(a.w.memory.size() == 1 + most_jumped);
    CHECK(a.w.memory.find(Algorithm::sha256, anna.at(100 + most_jumped)) != nullptr);
    CHECK(a.w.memory.find(Algorithm::sha256, anna.at(101 + most_jumped)) == nullptr);
    const auto before = a.w.state();
    a.restart();
    CHECK(a.w.state() == before);
    CHECK(a.w.knock(anna, 9'999).empty()); // not remembered, and valid never more
}

TEST_CASE("one step and the last knock are within reach") {
    Asking a;
    const Member anna = a.w.add("anna", "run");
    CHECK(a.resync(anna, anna.at(99)).starts_with("by root"));
    CHECK(a.w.ledger->position(anna.chain)->count == 99);
    CHECK(a.resync(anna, anna.at(1)).starts_with("by root"));
    CHECK(a.w.ledger->position(anna.chain)->count == 1);
    CHECK(a.resync(anna, anna.at(0)).starts_with("refused: ")); // the start of a chain is no knock
}

TEST_CASE("what does not fit moves nothing, says why, and is not stored") {
    Asking a;
    const Member anna = a.w.add("anna", "run");
    const Member ben = a.w.add("ben", "run");
    REQUIRE(a.w.knock(anna, 98).size() == 1);
    const auto before = a.w.state();
    const std::vector<std::pair<Value, std::string>> cases{
        {anna.at(99),
         "refused: the value is knock 99, and the chain is further already; its next knock is 97"},
        {anna.at(98), "refused: the chain stands at this value already; its next knock is 97"},
        {anna.at(100), "refused: the value does not lead to where the chain stands"},
        {anna.at(0), "refused: the value does not lead to where the chain stands"},
        {ben.at(90), "refused: the value does not lead to where the chain stands"},
    };
    std::int64_t id = 0;
    for (const auto& each : cases) {
        CAPTURE(each.second);
        id = a.ask(anna.grant, each.first);
        const auto answer = a.next();
        REQUIRE(answer);
        CHECK(answer->watches.empty());
        CHECK(answer->line.starts_with("anna/run: the chain was not moved: "));
        const Row row = a.w.rows(RowKind::resynced).back();
        CHECK(row.text.starts_with(each.second));
        CHECK(row.text.ends_with(fmt::format("; by root, request {}", id)));
        CHECK(row.count == 0);
        CHECK(row.value.empty()); // it may be a good knock of another grant
        CHECK(row.user == "anna");
        CHECK(a.w.ledger->last_request() == id);
    }
    CHECK(a.w.state() == before);
    a.restart();
    CHECK(a.w.state() == before);
    CHECK_FALSE(a.w.ledger->verify({}));
    CHECK(a.w.knock(ben, 90).size() == 1);
}

TEST_CASE("a grant that was removed, and one whose chain is not live") {
    Asking a;
    const Member anna = a.w.add("anna", "run");
    const Member ben = a.w.add("ben", "run");
    a.ask(anna.grant, anna.at(50));
    a.ask(ben.grant, ben.at(50));
    a.w.admin->remove_grant(anna.grant);
    a.w.admin->retire_all_chains();
    a.w.reload();
    REQUIRE(a.next());
    CHECK(a.w.rows(RowKind::resynced).back().text.starts_with("refused: the grant was removed"));
    REQUIRE(a.next());
    CHECK(a.w.rows(RowKind::resynced).back().text.starts_with("refused: the grant has no live chain"));
    CHECK_FALSE(a.next());
    CHECK_FALSE(a.w.ledger->position(ben.chain));
}

TEST_CASE("a chain that was renewed since, with another algorithm") {
    Asking a;
    const Member anna = a.w.add("anna", "run");
    a.ask(anna.grant, anna.at(50));
    const Enrolment fresh = enrolment(4711, 100, Algorithm::sha1);
    a.w.admin->renew_grant(anna.grant, fresh, chain_id(fresh));
    a.w.reload();
    REQUIRE(a.next());
    CHECK(a.w.rows(RowKind::resynced).back().text.starts_with("refused: the value is none of a sha1 chain"));
}

TEST_CASE("a disabled grant may be put right before it is enabled again") {
    Asking a;
    const Member anna = a.w.add("anna", "run");
    a.w.admin->set_grant_enabled(anna.grant, false);
    a.w.reload();
    CHECK(a.resync(anna, anna.at(50)).starts_with("by root"));
}

TEST_CASE("each request is done once, in order, and those of the monitor are left alone") {
    Asking a;
    const Member anna = a.w.add("anna", "run");
    a.ask(anna.grant, anna.at(80));
    a.w.admin->add_request({.kind = Request::Kind::close, .row = 7});
    const std::int64_t last = a.ask(anna.grant, anna.at(60));
    a.w.admin->add_request({.kind = Request::Kind::close, .row = 8});
    CHECK(a.next());
    a.restart(); // after the first, before the others
    CHECK(a.next());
    CHECK_FALSE(a.next());
    a.restart();
    CHECK_FALSE(a.next());
    CHECK(a.w.rows(RowKind::resynced).size() == 2);
    CHECK(a.w.ledger->position(anna.chain)->count == 60);
    CHECK(a.w.ledger->last_request() == last);
}

TEST_CASE("a request waits until the book agrees with the policy that it came with") {
    Asking a;
    const Member anna = a.w.add("anna", "run");
    const std::int64_t loaded = a.w.policy->version();
    a.ask(anna.grant, anna.at(50));
    CHECK_FALSE(a.requests->next(loaded, a.w.now));
    CHECK(a.w.rows(RowKind::resynced).empty());
    a.w.reload();
    CHECK(a.requests->next(a.w.policy->version(), a.w.now));
}

TEST_CASE("a ledger that fails in the middle leaves everything as it was, and the request waits") {
    for (const char* what : {"INSERT ON position", "UPDATE ON meta", "INSERT ON event", "full disk"}) {
        CAPTURE(what);
        Asking a;
        const Member anna = a.w.add("anna", "run");
        REQUIRE(a.w.knock(a.w.add("ben", "run"), 99).size() == 1);
        const std::int64_t id = a.ask(anna.grant, anna.at(50));
        const auto before = a.w.state();
        const Head head = a.w.ledger->head();
        const auto fails = [&] {
            CHECK_THROWS_AS((void)a.next(), Error);
            CHECK_THROWS_AS((void)a.next(), Error);
            CHECK(a.w.state() == before);
            CHECK(a.w.ledger->head() == head);
            CHECK(a.w.ledger->last_request() == 0);
        };
        if (std::string_view(what) == "full disk") {
            const NoRoom no_room(a.w.ledger_file);
            fails();
        } else {
            const World::Failing failing(a.w, what);
            fails();
        }
        REQUIRE(a.next());
        CHECK(a.w.ledger->last_request() == id);
        CHECK(a.w.ledger->position(anna.chain)->count == 50);
        CHECK_FALSE(a.w.ledger->verify({head}));
    }
}

TEST_CASE("chains that have met are moved together") {
    Asking a;
    const Member anna = a.w.add("anna", "run");
    Grant second;
    second.user = a.w.admin->add_user("ben");
    second.command = a.w.admin->command_named("run")->id;
    second.enrolment = {Algorithm::sha256, 99, "meeting", anna.at(99), {}};
    second.chain = chain_id(second.enrolment);
    const GrantId other = a.w.admin->add_grant(second);
    a.w.reload();
    REQUIRE(a.w.knock(anna, 99).size() == 1);
    CHECK(a.resync(anna, anna.at(50)).starts_with("by root"));
    CHECK(a.w.book.find(other)->count == 50);
    CHECK(a.w.take({a.w.hit(anna, 49)}).acts.empty()); // still nobody's
}
