// DESIGN 4, steps 1, 3 and 4: find, spend, decide.

#include "tests/unit/knockd/world.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

TEST_CASE("a knock is accepted once, and everything about it is on record") {
    for (const Algorithm algorithm : all_algorithms) {
        CAPTURE(name_of(algorithm));
        World w;
        const Member anna = w.add("anna", "open", {algorithm, 100, {}});
        const Outbox out = w.take({w.hit(anna, 99)});
        CHECK(w.verdicts(out) == Verdicts{"act anna/open 99 for 192.0.2.7"});
        CHECK(out.acts[0].row == w.ledger->head());
        CHECK(out.acts[0].grant == anna.grant);
        CHECK(out.acts[0].source == *Address::parse("192.0.2.7"));
        CHECK(out.acts[0].named.empty());
        CHECK(out.acts[0].carrier == Carrier::udp);
        CHECK(out.acts[0].at == to_nanoseconds(w.now));
        CHECK(out.acts[0].ask_only == 0);

        const auto rows = w.rows(RowKind::accepted);
        REQUIRE(rows.size() == 1);
        const Row& row = rows[0];
        CHECK(row.number == out.acts[0].row.row);
        CHECK(row.grant == anna.grant);
        CHECK(row.chain == anna.chain);
        CHECK(row.user == "anna");
        CHECK(row.command == "open");
        CHECK(row.count == 99);
        CHECK(row.jumped == 0);
        CHECK(row.value == anna.at(99));
        CHECK(row.source_port == 40'000);
        CHECK(row.address == *Address::parse("192.0.2.7"));
        CHECK(w.ledger->position(anna.chain)->count == 99);
        CHECK(w.ledger->position(anna.chain)->image == anna.at(99));
        CHECK_FALSE(w.ledger->verify({out.acts[0].row}));
        CHECK(w.knock(anna, 99).empty()); // a duplicate does nothing
    }
}

TEST_CASE("capture is told the new image and the value that is known now") {
    World w;
    const Member anna = w.add("anna", "open");
    const Outbox out = w.take({w.hit(anna, 97)}); // 99 and 98 are jumped over
    using What = message::WatchEntry::What;
    std::vector<std::pair<What, Value>> told;
    for (const message::WatchEntry& entry : out.watches)
        told.emplace_back(entry.what, entry.value);
    const auto has = [&told](What what, const Value& value) {
        return std::count(told.begin(), told.end(), std::pair{what, value}) == 1;
    };
    CHECK(told.size() == 5);
    CHECK(has(What::remove_image, anna.at(100)));
    CHECK(has(What::add_image, anna.at(97)));
    CHECK(has(What::add_new_known, anna.at(97)));
    CHECK(has(What::add_new_known, anna.at(98)));
    CHECK(has(What::add_new_known, anna.at(99)));
}

TEST_CASE("lost knocks are jumped over up to the window, and not beyond") {
    for (const unsigned window : {1U, 10U, 64U}) {
        CAPTURE(window);
        World w(window);
        const Member anna = w.add("anna", "open", {Algorithm::sha256, 200, {}});
        CHECK(w.knock(anna, 200 - window - 1).empty());
        CHECK(w.knock(anna, 200).empty()); // the image itself
        CHECK_FALSE(w.ledger->position(anna.chain));
        CHECK(w.rows(RowKind::accepted).empty());
        CHECK(w.knock(anna, 200 - window) ==
              Verdicts{fmt::format("act anna/open {} for 192.0.2.7", 200 - window)});
        CHECK(w.rows(RowKind::accepted)[0].jumped == window - 1);
        CHECK(w.knock(anna, 200 - 2 * window - 1).empty());
        CHECK(w.knock(anna, 200 - 2 * window).size() == 1); // from the new place
    }
}

TEST_CASE("the last knock of a chain is number 1, and number 0 is nobody's") {
    World w;
    const Member anna = w.add("anna", "open", {Algorithm::sha256, 3, {}});
    CHECK(w.knock(anna, 0).empty());
    CHECK(w.knock(anna, 2).size() == 1);
    CHECK(w.knock(anna, 0).empty());
    CHECK(w.knock(anna, 1) == Verdicts{"act anna/open 1 for 192.0.2.7"});
    CHECK(w.knock(anna, 0).empty());
    CHECK(w.ledger->position(anna.chain)->count == 1);
    // A chain with one knock.
    const Member ben = w.add("ben", "open", {Algorithm::sha1, 2, {}});
    CHECK(w.knock(ben, 0).empty());
    CHECK(w.knock(ben, 1).size() == 1);
}

TEST_CASE("noise writes nothing") {
    World w;
    w.add("anna", "open");
    const Head before = w.ledger->head();
    for (std::uint64_t i = 1; i < 50; ++i)
        CHECK(w.judge({w.hit(Algorithm::sha256, start_of(Algorithm::sha256, i))}).empty());
    CHECK(w.ledger->head() == before);
}

TEST_CASE("capture's word on algorithm and steps is not believed") {
    World w;
    const Member anna = w.add("anna", "open", {Algorithm::sha1, 100, {}});
    message::Hit hit = w.hit(anna, 99);
    hit.algorithm = Algorithm::md5;
    CHECK(w.judge({hit}).empty());
    hit = w.hit(anna, 96);
    hit.steps = 1;
    CHECK(w.judge({hit}) == Verdicts{"act anna/open 96 for 192.0.2.7"});
    hit = w.hit(anna, 95);
    hit.steps = 0; // "a known value"
    CHECK(w.judge({hit}) == Verdicts{"act anna/open 95 for 192.0.2.7"});
}

TEST_CASE("every refusal spends the knock and runs nothing") {
    struct Case {
        const char* refusal;
        std::function<void(World&, const Member&)> arrange;
        GrantRules rules = {};
        Way way = {};
    };
    const Time now = at_second(1'800'000'000);
    const auto networks = [](const char* text) { return std::vector<Network>{*Network::parse(text)}; };
    const auto nothing = [](World&, const Member&) {};
    GrantRules not_before, expired, carriers, sources, named_far, named_ok;
    not_before.not_before = now + std::chrono::seconds{1};
    expired.expires_at = now;
    carriers.carriers = *parse_carriers("icmp");
    sources.sources = networks("198.51.100.0/24");
    named_far.address = AddressRule::named;
    named_far.named_within = networks("203.0.113.0/24");
    named_ok.address = AddressRule::named;
    const std::vector<Case> cases{
        {"user disabled",
         [](World& w, const Member&) { w.admin->set_user_enabled(w.admin->user_named("anna")->id, false); }},
        {"command disabled",
         [](World& w, const Member&) {
             w.admin->set_command_enabled(w.admin->command_named("open")->id, false);
         }},
        {"grant disabled", [](World& w, const Member& m) { w.admin->set_grant_enabled(m.grant, false); }},
        {"not yet valid", nothing, not_before},
        {"expired", nothing, expired},
        {"carrier not allowed", nothing, carriers},
        {"source not allowed", nothing, sources},
        {"address missing", nothing, {}, from("192.0.2.53", Carrier::dns)},
        {"address not allowed", nothing, {}, from("192.0.2.7", Carrier::udp, "203.0.113.9")},
        {"address not allowed", nothing, named_far, from("192.0.2.7", Carrier::udp, "198.51.100.1")},
        {"address unusable", nothing, named_ok, from("192.0.2.7", Carrier::udp, "224.0.0.1")},
        {"address unusable", nothing, {}, from("127.0.0.1")},
    };
    for (const Case& each : cases) {
        CAPTURE(each.refusal);
        World w;
        const Member anna = w.add("anna", "open", {Algorithm::sha256, 100, each.rules});
        const Member other = w.add("ben", "close");
        each.arrange(w, anna); // policy is asked at the knock; the book may not know yet
        const Outbox out = w.take({w.hit(anna, 98, each.way)});
        CHECK(out.acts.empty());
        REQUIRE(out.reports.size() == 1);
        CHECK(name_of(out.reports[0].refusal) == each.refusal);
        CHECK(out.reports[0].count == 98);
        CHECK(out.reports[0].row == w.ledger->head());
        const auto rows = w.rows(RowKind::refused);
        REQUIRE(rows.size() == 1);
        CHECK(name_of(rows[0].refusal) == each.refusal);
        CHECK(rows[0].jumped == 1);
        CHECK(w.ledger->position(anna.chain)->count == 98);
        // Spent: not even a change of the rules brings it back.
        w.admin->set_user_enabled(w.admin->user_named("anna")->id, true);
        w.admin->set_command_enabled(w.admin->command_named("open")->id, true);
        if (w.admin->grant(anna.grant)) w.admin->set_grant_enabled(anna.grant, true);
        w.reload();
        CHECK(w.knock(anna, 98, each.way).empty());
        CHECK(w.rows(RowKind::accepted).empty());
        CHECK(w.knock(other, 99).size() == 1); // nobody else is touched
    }
}

TEST_CASE("what was disabled works again when it is enabled, with the next knock") {
    World w;
    const Member anna = w.add("anna", "open");
    w.admin->set_grant_enabled(anna.grant, false);
    w.reload();
    CHECK(w.knock(anna, 99) == Verdicts{"anna/open 99 refused: grant disabled"});
    w.admin->set_grant_enabled(anna.grant, true);
    w.reload();
    CHECK(w.knock(anna, 98) == Verdicts{"act anna/open 98 for 192.0.2.7"});
}

TEST_CASE("a removed grant is noise once the book knows, a renewed one begins with its new chain") {
    World w;
    const Member anna = w.add("anna", "open");
    CHECK(w.knock(anna, 99).size() == 1);
    w.admin->remove_grant(anna.grant);
    w.reload();
    CHECK(w.knock(anna, 98).empty());
    CHECK(w.book.size() == 0);

    const Member ben = w.add("ben", "open");
    const Value start = start_of(Algorithm::sha256, 987);
    const Enrolment enrolment{Algorithm::sha256, 50, "newseed", walk(Algorithm::sha256, start, 50), {}};
    w.admin->renew_grant(ben.grant, enrolment, chain_id(enrolment));
    w.reload();
    CHECK(w.knock(ben, 99).empty()); // the old chain
    CHECK(w.judge({w.hit(Algorithm::sha256, walk(Algorithm::sha256, start, 49))}) ==
          Verdicts{"act ben/open 49 for 192.0.2.7"});
}

TEST_CASE("many knocks share one batch, in their order, also of one chain") {
    World w;
    const Member anna = w.add("anna", "open");
    const Member ben = w.add("ben", "open");
    CHECK(w.judge({w.hit(anna, 99), w.hit(ben, 99), w.hit(anna, 98), w.hit(anna, 95)}) ==
          Verdicts{"act anna/open 99 for 192.0.2.7", "act ben/open 99 for 192.0.2.7",
                   "act anna/open 98 for 192.0.2.7", "act anna/open 95 for 192.0.2.7"});
    CHECK(w.rows(RowKind::accepted).size() == 4);
    CHECK_FALSE(w.ledger->verify({}));
}

TEST_CASE("the same value twice in a batch acts once; an overtaken one is late") {
    World w;
    const Member anna = w.add("anna", "open");
    CHECK(w.judge({w.hit(anna, 98), w.hit(anna, 98), w.hit(anna, 99)}) ==
          Verdicts{"act anna/open 98 for 192.0.2.7", "anna/open 99 late"});
    CHECK(w.rows(RowKind::accepted).size() == 1);
    CHECK(w.rows(RowKind::late).size() == 1);
}

TEST_CASE("an address that the grant lets be named is the one that is acted on") {
    World w;
    GrantRules rules;
    rules.address = AddressRule::named;
    const Member anna = w.add("anna", "open", {Algorithm::sha256, 100, rules});
    CHECK(w.knock(anna, 99, from("192.0.2.53", Carrier::dns, "203.0.113.9")) ==
          Verdicts{"act anna/open 99 for 203.0.113.9"});
    CHECK(w.knock(anna, 98, from("2001:db8::7", Carrier::icmp)) ==
          Verdicts{"act anna/open 98 for 2001:db8::7"});
    rules.address = AddressRule::source;
    const Member ben = w.add("ben", "open", {Algorithm::sha256, 100, rules});
    CHECK(w.knock(ben, 99, from("192.0.2.53", Carrier::dns)) == Verdicts{"act ben/open 99 for 192.0.2.53"});
}

// Enrolments never share an image, so this takes a user who enrolled the end of a chain that is in use
// already.
TEST_CASE("two live chains that meet accept neither, and say so") {
    World w;
    const Member anna = w.add("anna", "open", {Algorithm::sha256, 100, {}});
    Grant second;
    second.user = w.admin->add_user("ben");
    second.command = w.admin->command_named("open")->id;
    second.enrolment = {Algorithm::sha256, 98, "meeting", anna.at(98), {}};
    second.chain = chain_id(second.enrolment);
    w.admin->add_grant(second);
    w.reload();
    CHECK(w.knock(anna, 99).size() == 1);
    CHECK(w.knock(anna, 98).size() == 1); // now both stand at 98
    const auto verdicts = w.knock(anna, 97);
    REQUIRE(verdicts.size() == 1);
    CHECK(verdicts[0].ends_with("97 same image"));
    CHECK(w.rows(RowKind::refused).size() == 1);
    // One of them has moved on by the refused knock; still nobody can say whose the next one is.
    CHECK(w.take({w.hit(anna, 96)}).acts.empty());
}
