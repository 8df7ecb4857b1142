// DESIGN 4, step 2: duplicates, contested knocks, replays, late ones.

#include "tests/unit/knockd/world.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;
using namespace std::chrono_literals;

namespace {

// A knock that was accepted by the way given.
struct Accepted {
    World w;
    Member anna;
    explicit Accepted(const Way& way = {}) {
        GrantRules rules;
        rules.address = AddressRule::named;
        anna = w.add("anna", "open", {Algorithm::sha256, 100, rules});
        REQUIRE(w.knock(anna, 99, way).size() == 1);
    }
    Verdicts again(const Way& way = {}) { return w.knock(anna, 99, way); }
    [[nodiscard]] std::size_t count(RowKind kind) const { return w.rows(kind).size(); }
};

} // namespace

TEST_CASE("within 60 s the same knock is a duplicate and does nothing") {
    Accepted a;
    const Head before = a.w.ledger->head();
    for (const auto later : {0ns, 1ns, std::chrono::nanoseconds{30s}}) {
        a.w.now += later;
        CHECK(a.again().empty());
    }
    CHECK(a.w.ledger->head() == before);
}

TEST_CASE("60 s is the border, and a nanosecond more is a replay") {
    Accepted at_border;
    at_border.w.now += 60s;
    CHECK(at_border.again().empty());
    Accepted beyond;
    beyond.w.now += 60s + 1ns;
    CHECK(beyond.again() == Verdicts{"anna/open 99 replay"});
}

TEST_CASE("a series goes on as long as it goes on") {
    Accepted a;
    for (int i = 0; i < 20; ++i) {
        a.w.now += 59s;
        CHECK(a.again().empty());
    }
    a.w.now += 61s;
    CHECK(a.again() == Verdicts{"anna/open 99 replay"});
}

TEST_CASE("the same knock by another carrier from the same host is a duplicate") {
    Accepted a;
    CHECK(a.again(from("192.0.2.7", Carrier::icmp)).empty());
    CHECK(a.again(from("2001:db8::7", Carrier::icmp)).empty()); // the other family says nothing
    CHECK(a.again(from("192.0.2.53", Carrier::dns)).empty());   // nor does a resolver
    CHECK(a.count(RowKind::contested) == 0);
}

TEST_CASE("from another source of the family it is contested, exactly once") {
    for (const Carrier carrier : {Carrier::udp, Carrier::icmp}) {
        Accepted a;
        a.w.now += 1s;
        const Outbox out = a.w.take({a.w.hit(a.anna, 99, from("198.51.100.66", carrier))});
        CHECK(a.w.verdicts(out) == Verdicts{"anna/open 99 contested, first from 192.0.2.7"});
        CHECK(out.reports[0].source == *Address::parse("198.51.100.66"));
        CHECK(out.reports[0].row == a.w.ledger->head());
        const auto rows = a.w.rows(RowKind::contested);
        REQUIRE(rows.size() == 1);
        CHECK(rows[0].of == a.w.rows(RowKind::accepted)[0].number);
        CHECK(rows[0].source == *Address::parse("198.51.100.66"));
        CHECK(rows[0].user == "anna");
        CHECK(a.again(from("198.51.100.66", carrier)).empty());
        CHECK(a.again(from("198.51.100.67", carrier)).empty());
        CHECK(a.count(RowKind::contested) == 1);
    }
}

TEST_CASE("both families contest") {
    Accepted a(from("2001:db8::7"));
    CHECK(a.again(from("192.0.2.7")).empty());
    CHECK(a.again(from("2001:db8::8")) == Verdicts{"anna/open 99 contested, first from 2001:db8::7"});
}

TEST_CASE("another named address contests, the own source does not") {
    SUBCASE("none was named, another one is") {
        Accepted a;
        CHECK(a.again(from("192.0.2.7", Carrier::udp, "203.0.113.9")).size() == 1);
    }
    SUBCASE("none was named, and now the own source is") {
        Accepted a;
        CHECK(a.again(from("192.0.2.7", Carrier::udp, "192.0.2.7")).empty());
    }
    SUBCASE("one was named, and the repeated knock names it, or none") {
        Accepted a(from("192.0.2.7", Carrier::udp, "203.0.113.9"));
        CHECK(a.again(from("192.0.2.7", Carrier::udp, "203.0.113.9")).empty());
        CHECK(a.again(from("192.0.2.7", Carrier::udp)).empty());
        CHECK(a.again(from("192.0.2.7", Carrier::udp, "203.0.113.10")).size() == 1);
    }
    CHECK(true);
}

TEST_CASE("over dns only a named address contests, whichever of the two came by dns") {
    const Way by_dns = from("192.0.2.53", Carrier::dns, "203.0.113.9");
    SUBCASE("dns, then dns by another resolver") {
        Accepted a(by_dns);
        CHECK(a.again(from("198.51.100.53", Carrier::dns, "203.0.113.9")).empty());
        CHECK(a.count(RowKind::contested) == 0);
    }
    SUBCASE("dns, then udp from the user") {
        Accepted a(by_dns);
        CHECK(a.again(from("203.0.113.9", Carrier::udp)).empty());
    }
    SUBCASE("udp, then dns by a resolver") {
        Accepted a;
        CHECK(a.again(from("192.0.2.53", Carrier::dns)).empty());
        CHECK(a.again(from("192.0.2.53", Carrier::dns, "192.0.2.7")).empty());
    }
    SUBCASE("another address is named over dns") {
        Accepted a(by_dns);
        CHECK(a.again(from("192.0.2.53", Carrier::dns, "203.0.113.10")).size() == 1);
        CHECK(a.again(from("192.0.2.53", Carrier::dns, "203.0.113.11")).empty());
        CHECK(a.count(RowKind::contested) == 1);
    }
    CHECK(true);
}

TEST_CASE("a replay makes one row a day, and the next day another one") {
    Accepted a;
    a.w.now += 61s;
    CHECK(a.again() == Verdicts{"anna/open 99 replay"});
    for (int hour = 0; hour < 23; ++hour) {
        a.w.now += 1h;
        CHECK(a.again(from("198.51.100.66")).empty());
    }
    CHECK(a.count(RowKind::replay) == 1);
    a.w.now += 1h; // 24 h after the row
    CHECK(a.again() == Verdicts{"anna/open 99 replay"});
    CHECK(a.again().empty());
    const auto rows = a.w.rows(RowKind::replay);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].of == a.w.rows(RowKind::accepted)[0].number);
    CHECK(rows[0].count == 99);
    CHECK(rows[0].command == "open");
    CHECK(a.count(RowKind::contested) == 0);
}

TEST_CASE("each replayed value has its own day") {
    Accepted a;
    REQUIRE(a.w.knock(a.anna, 98).size() == 1);
    a.w.now += 2min;
    CHECK(a.w.knock(a.anna, 99).size() == 1);
    CHECK(a.w.knock(a.anna, 98).size() == 1);
    CHECK(a.w.knock(a.anna, 99).empty());
}

TEST_CASE("a refused knock comes again as one that was spent") {
    World w;
    GrantRules rules;
    rules.carriers = *parse_carriers("icmp");
    const Member anna = w.add("anna", "open", {Algorithm::sha256, 100, rules});
    CHECK(w.knock(anna, 99) == Verdicts{"anna/open 99 refused: carrier not allowed"});
    CHECK(w.knock(anna, 99, from("192.0.2.7", Carrier::icmp)).empty()); // by a carrier that would have passed
    w.now += 2min;
    CHECK(w.knock(anna, 99) == Verdicts{"anna/open 99 replay"});
    CHECK(w.rows(RowKind::accepted).empty());
}

TEST_CASE("values that were jumped over are late, at once and for a day") {
    World w;
    const Member anna = w.add("anna", "open");
    REQUIRE(w.knock(anna, 96).size() == 1);
    for (const Count count : {Count{99}, Count{98}, Count{97}}) {
        CHECK(w.knock(anna, count) == Verdicts{fmt::format("anna/open {} late", count)});
        CHECK(w.knock(anna, count).empty());
    }
    const auto rows = w.rows(RowKind::late);
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].of == w.rows(RowKind::accepted)[0].number);
    CHECK(rows[0].count == 99);
    CHECK(rows[0].value == anna.at(99));
    w.now += 24h;
    CHECK(w.knock(anna, 98) == Verdicts{"anna/open 98 late"});
    CHECK(w.ledger->position(anna.chain)->count == 96);
    CHECK(w.knock(anna, 95).size() == 1); // and the chain goes on
}

TEST_CASE("a clock that is set back neither validates nor runs anything again") {
    Accepted a;
    for (const auto back :
         {std::chrono::seconds{1}, std::chrono::seconds{3600}, std::chrono::seconds{86400 * 365}}) {
        a.w.now -= back;
        for (const std::string& verdict : a.again())
            CHECK(verdict.ends_with("replay")); // nobody can tell that it is a duplicate
        CHECK(a.count(RowKind::accepted) == 1);
    }
    CHECK(a.w.knock(a.anna, 98).size() == 1);
    CHECK_FALSE(a.w.ledger->verify({}));
}

TEST_CASE("a clock that went ahead and came back does not silence replays for ever") {
    Accepted a;
    a.w.now += 2min;
    CHECK(a.again().size() == 1);
    const Time real = a.w.now;
    a.w.now += 24h * 10;
    CHECK(a.again().size() == 1); // a row of ten days ahead
    a.w.now = real;
    CHECK(a.again().size() == 1); // what was said ten days ahead was not said lately
    a.w.now = real + 24h * 11;
    CHECK(a.again().size() == 1);
}
