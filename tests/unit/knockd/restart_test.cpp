// What a restart of knockd-validate changes: nothing. Two worlds hear the same knocks, one of them is built
// anew from its files after each step.

#include "tests/unit/knockd/world.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;
using namespace std::chrono_literals;

namespace {

constexpr Count length = 40;

// The same users with the same chains in every world.
struct Twin {
    World w{5};
    std::vector<Member> members;
    Twin() {
        GrantRules named, icmp_only;
        named.address = AddressRule::named;
        icmp_only.carriers = *parse_carriers("icmp");
        members = {w.add("anna", "open", {Algorithm::sha256, length, {}}),
                   w.add("ben", "open", {Algorithm::sha1, length, named}),
                   w.add("cleo", "open", {Algorithm::md5, length, icmp_only})};
    }
};

// One thing that happens; the same numbers mean the same in both worlds.
struct Step {
    unsigned what = 0;
    std::size_t member = 0;
    std::vector<Count> counts;
    std::vector<Way> ways;
    std::chrono::nanoseconds wait{};
};

Step random_step(std::mt19937_64& random, const std::vector<Count>& positions, int since_pause) {
    const std::array<Way, 5> ways{from("192.0.2.7"), from("192.0.2.8"), from("2001:db8::7", Carrier::icmp),
                                  from("192.0.2.53", Carrier::dns),
                                  from("192.0.2.7", Carrier::icmp, "203.0.113.9")};
    Step step;
    step.what = static_cast<unsigned>(random() % 20);
    step.member = random() % positions.size();
    for (std::uint64_t knocks = 1 + random() % 3; knocks > 0; --knocks) {
        // About the chain's position: some fresh, some too far, some that were used or jumped over.
        const auto count =
            static_cast<std::int64_t>(positions[step.member]) + 4 - static_cast<std::int64_t>(random() % 9);
        step.counts.push_back(static_cast<Count>(std::clamp<std::int64_t>(count, 0, length)));
        step.ways.push_back(ways[random() % ways.size()]);
    }
    // The length of a series is not on record (see below), so none lasts longer than a minute here.
    step.wait = since_pause < 20 && random() % 4 != 0 ? std::chrono::nanoseconds{2s} : 3min;
    if (random() % 30 == 0) step.wait = 25h;
    return step;
}

Verdicts apply(Twin& twin, const Step& step) {
    World& w = twin.w;
    w.now += step.wait;
    const Member& member = twin.members[step.member];
    if (step.what == 0 || step.what == 1) {
        w.admin->set_grant_enabled(member.grant, step.what == 1);
        w.reload();
    }
    std::vector<message::Hit> hits;
    for (std::size_t i = 0; i < step.counts.size(); ++i)
        hits.push_back(w.hit(member, step.counts[i], step.ways[i]));
    return w.judge(hits);
}

std::vector<Count> positions_of(const Twin& twin) {
    std::vector<Count> positions;
    for (const Member& member : twin.members)
        positions.push_back(twin.w.book.find(member.grant)->count);
    return positions;
}

} // namespace

TEST_CASE("any sequence of knocks ends the same with a restart after each step") {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        Twin steady, restarted;
        REQUIRE(steady.members[0].at(length) == restarted.members[0].at(length));
        int since_pause = 0;
        std::size_t acts = 0;
        for (int i = 0; i < 60; ++i) {
            CAPTURE(i);
            const Step step = random_step(random, positions_of(steady), since_pause);
            since_pause = step.wait > 1min ? 0 : since_pause + 1;
            const Verdicts expected = apply(steady, step);
            REQUIRE(apply(restarted, step) == expected);
            restarted.w.restart();
            REQUIRE(positions_of(restarted) == positions_of(steady));
            for (const std::string& verdict : expected)
                acts += verdict.starts_with("act") ? 1U : 0U;
        }
        CHECK(acts > 0);
        CHECK(restarted.w.ledger->head() == steady.w.ledger->head());
        CHECK_FALSE(restarted.w.ledger->verify({steady.w.ledger->head()}));
    }
}

TEST_CASE("after a restart every verdict on what was sent before is the same") {
    World w;
    const Member anna = w.add("anna", "open");
    REQUIRE(w.knock(anna, 97).size() == 1);
    SUBCASE("duplicate") {
        w.restart();
        CHECK(w.knock(anna, 97).empty());
        CHECK(w.rows(RowKind::replay).empty());
    }
    SUBCASE("contested before, and not once more") {
        REQUIRE(w.knock(anna, 97, from("192.0.2.8")).size() == 1);
        w.restart();
        CHECK(w.knock(anna, 97, from("192.0.2.8")).empty());
        CHECK(w.rows(RowKind::contested).size() == 1);
    }
    SUBCASE("contested only afterwards") {
        w.restart();
        CHECK(w.knock(anna, 97, from("192.0.2.8")) ==
              Verdicts{"anna/open 97 contested, first from 192.0.2.7"});
    }
    SUBCASE("replay") {
        w.restart();
        w.now += 61s;
        CHECK(w.knock(anna, 97) == Verdicts{"anna/open 97 replay"});
        w.restart();
        w.now += 23h;
        CHECK(w.knock(anna, 97).empty());
        w.restart();
        w.now += 1h;
        CHECK(w.knock(anna, 97) == Verdicts{"anna/open 97 replay"});
    }
    SUBCASE("late") {
        w.restart();
        CHECK(w.knock(anna, 99) == Verdicts{"anna/open 99 late"});
        w.restart();
        CHECK(w.knock(anna, 99).empty());
        CHECK(w.knock(anna, 98) == Verdicts{"anna/open 98 late"});
    }
    SUBCASE("the next knock") {
        w.restart();
        CHECK(w.knock(anna, 96) == Verdicts{"act anna/open 96 for 192.0.2.7"});
    }
}

// The length of a series is not on record: a restart in the middle of one may call the next packet a replay.
// What it must never do is run the command.
TEST_CASE("a series that a restart interrupts runs nothing") {
    World w;
    const Member anna = w.add("anna", "open");
    REQUIRE(w.knock(anna, 99).size() == 1);
    for (int i = 0; i < 10; ++i) {
        w.now += 50s;
        CHECK(w.take({w.hit(anna, 99)}).acts.empty());
        w.restart();
    }
    CHECK(w.rows(RowKind::accepted).size() == 1);
    CHECK(w.rows(RowKind::replay).size() <= 1);
}

TEST_CASE("a chain stands where the ledger says, not where it was enrolled") {
    World w;
    const Member used = w.add("anna", "open");
    const Member fresh = w.add("ben", "open");
    REQUIRE(w.knock(used, 91).size() == 1);
    w.restart();
    CHECK(w.book.find(used.grant)->count == 91);
    CHECK(w.book.find(used.grant)->image == used.at(91));
    CHECK(w.book.find(fresh.grant)->count == 100);
    CHECK(w.book.find(fresh.grant)->image == fresh.at(100));
}

TEST_CASE("load_chains tells capture what changed, and only that") {
    using What = message::WatchEntry::What;
    World w;
    const Member anna = w.add("anna", "open");
    const Member short_one = w.add("ben", "open", {Algorithm::sha1, 100, {}});
    Book book;
    std::vector<message::WatchEntry> watches;
    const auto load = [&](std::uint8_t algorithms) {
        watches.clear();
        load_chains(*w.policy, *w.ledger, algorithms, book, watches);
    };
    load(bit(Algorithm::sha256)); // 64-bit chains are not live unless wanted
    REQUIRE(watches.size() == 1);
    CHECK(watches[0].what == What::add_image);
    CHECK(watches[0].value == anna.at(100));
    CHECK(book.size() == 1);
    CHECK(book.find(short_one.grant) == nullptr);
    load(bit(Algorithm::sha256));
    CHECK(watches.empty());

    w.admin->set_grant_enabled(anna.grant, false);
    load(bit(Algorithm::sha256));
    CHECK_FALSE(book.find(anna.grant)->enabled);
    CHECK(watches.empty()); // a disabled grant's knock is refused, so it must be seen

    w.admin->remove_grant(anna.grant);
    load(bit(Algorithm::sha256));
    REQUIRE(watches.size() == 1);
    CHECK(watches[0].what == What::remove_image);
    CHECK(watches[0].value == anna.at(100));
    CHECK(book.size() == 0);
}

TEST_CASE(
    "a retired chain is not live: taken out while running, not loaded at start, back only when renewed") {
    World w;
    const Member anna = w.add("anna", "open");
    REQUIRE(w.knock(anna, 99).size() == 1);
    w.admin->retire_all_chains();
    w.reload();
    CHECK(w.book.find(anna.grant) == nullptr);
    CHECK(w.knock(anna, 98).empty());
    w.restart();
    CHECK(w.book.find(anna.grant) == nullptr);
    CHECK(w.knock(anna, 97).empty());

    const Enrolment fresh = enrolment(4711);
    w.admin->renew_grant(anna.grant, fresh, chain_id(fresh));
    w.reload();
    REQUIRE(w.book.find(anna.grant) != nullptr);
    CHECK(w.book.find(anna.grant)->image == fresh.image);
    CHECK(w.knock(anna, 96).empty());
}

TEST_CASE("load_memory knows spent and jumped-over values, oldest first") {
    World w;
    const Member anna = w.add("anna", "open");
    REQUIRE(w.knock(anna, 98).size() == 1);
    REQUIRE(w.knock(anna, 97).size() == 1);
    Memory memory;
    load_memory(*w.ledger, memory);
    std::vector<Count> counts;
    memory.each([&counts](const Known& known) { counts.push_back(known.count); });
    CHECK(counts == std::vector<Count>{98, 99, 97});
    CHECK(memory.find(Algorithm::sha256, anna.at(98))->kind == Known::Kind::spent);
    CHECK(memory.find(Algorithm::sha256, anna.at(99))->kind == Known::Kind::late);
    CHECK(memory.find(Algorithm::sha256, anna.at(96)) == nullptr);
}
