// Signed knocks before the acceptance (DESIGN 4 step 3, 5): what a valid signature does, and what becomes of
// everything else.

#include "tests/unit/knockd/asking.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;
using namespace std::chrono_literals;

namespace {

struct Signed {
    World w;
    Member anna = w.add("anna", "open", {.with_key = true});
    [[nodiscard]] RequestBytes knock(Count count, const Says& says = {}) const {
        return signed_knock(w, anna, count, says);
    }
};

Terms with(const GrantRules& rules) { return {.rules = rules, .with_key = true}; }

Says at(Time time) {
    Says says;
    says.time = std::chrono::floor<std::chrono::seconds>(time);
    return says;
}

} // namespace

TEST_CASE_FIXTURE(Signed, "a signed knock acts for the address under its signature, and its row keeps it") {
    const RequestBytes request = knock(99);
    CHECK(judge(w, request) == Verdicts{"act anna/open 99 for 192.0.2.7"});
    w.restart();
    const auto rows = w.rows(RowKind::accepted);
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].request == request);
    CHECK(rows[0].named.text() == "192.0.2.7");
    CHECK(rows[0].count == 99);
    CHECK(judge(w, request) == Verdicts{}); // a duplicate
    CHECK_FALSE(w.ledger->verify({}));
}

TEST_CASE_FIXTURE(Signed, "the monitor is told that it was signed, and what it carries") {
    Command command = test::command("any");
    command.argument = "[a-z]+";
    const Member ben = w.add("ben", "restart", {.command = command, .with_key = true});
    Says says;
    says.command = "restart";
    says.argument = "nginx";
    const Outbox out = take_all(w, {signed_knock(w, ben, 99, says)});
    REQUIRE(out.acts.size() == 1);
    CHECK(out.acts[0].is_signed == 1);
    CHECK(out.acts[0].argument.view() == "nginx");
    CHECK(out.acts[0].named.text() == "192.0.2.7");
    CHECK(out.acts[0].stage == message::Act::Stage::at_once);
    CHECK(out.requests.empty());

    says.argument = "nginx; reboot";
    CHECK(judge(w, signed_knock(w, ben, 98, says)) ==
          Verdicts{"ben/restart 98 refused: argument not allowed"});
    says.argument = "";
    CHECK(judge(w, signed_knock(w, ben, 97, says)) ==
          Verdicts{"ben/restart 97 refused: argument not allowed"});
    CHECK(w.rows(RowKind::refused).at(0).request.size() == smallest_signed_knock + 13);
}

TEST_CASE_FIXTURE(Signed, "a plain knock of a grant that demands a signature is neither accepted nor spent") {
    CHECK(w.knock(anna, 99) == Verdicts{"anna/open 99 not signed: signature missing"});
    const auto rows = w.rows(RowKind::not_signed);
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].refusal == Refusal::signature_missing);
    CHECK(rows[0].value == anna.at(99));
    CHECK(rows[0].user == "anna");
    CHECK(rows[0].command == "open");
    CHECK(rows[0].request.empty());
    CHECK(w.counters().spent == 0);
    CHECK(w.counters().not_signed == 1);
    CHECK(judge(w, knock(99)) == Verdicts{"act anna/open 99 for 192.0.2.7"});
}

TEST_CASE("with --plain both kinds are accepted; without a key only plain ones") {
    World w;
    GrantRules rules;
    rules.plain = true;
    const Member anna = w.add("anna", "open", with(rules));
    CHECK(w.knock(anna, 99) == Verdicts{"act anna/open 99 for 192.0.2.7"});
    CHECK(judge(w, signed_knock(w, anna, 98)) == Verdicts{"act anna/open 98 for 192.0.2.7"});
    // A signature that is there must be valid.
    CHECK(judge(w, spoiled(signed_knock(w, anna, 97))) ==
          Verdicts{"anna/open 97 not signed: signature wrong"});
    const Member ben = w.add("ben", "open");
    const auto checks = w.counters().signature_checks;
    CHECK(judge(w, signed_knock(w, ben, 99)) == Verdicts{"ben/open 99 not signed: signature wrong"});
    CHECK(w.counters().signature_checks == checks); // there is nothing to check it with
    CHECK(w.knock(ben, 99) == Verdicts{"act ben/open 99 for 192.0.2.7"});
}

TEST_CASE("whatever byte behind the value is altered, the knock is refused and stays valid") {
    World w;
    Command command = test::command("any");
    command.argument = ".*";
    const Member anna = w.add("anna", "open", {.length = 200, .command = command, .with_key = true});
    Count count = 199;
    Says says;
    says.argument = "hello";
    const std::size_t size = signed_knock(w, anna, count, says).size();
    REQUIRE(size == 113);
    for (std::size_t i = 16; i < size; ++i, --count) {
        CAPTURE(i);
        const RequestBytes right = signed_knock(w, anna, count, says);
        RequestBytes wrong = right;
        wrong[i] = static_cast<std::uint8_t>(wrong[i] ^ (1U << (i % 8)));
        if (looks_signed(wrong)) { // else it is no knock at all, or a plain one
            const Outbox out = take_all(w, {wrong});
            CHECK(out.acts.empty());
            REQUIRE(out.reports.size() == 1);
            CHECK(out.reports[0].what == message::Report::What::not_signed);
        }
        REQUIRE(judge(w, right) == Verdicts{fmt::format("act anna/open {} for 192.0.2.7", count)});
    }
    CHECK(w.rows(RowKind::not_signed).size() == size - 16 - 1 - 2); // all but type and length
}

TEST_CASE_FIXTURE(Signed, "a knock that was signed for something else is none") {
    Says other_command;
    other_command.command = "close";
    Says other_server;
    other_server.server[15] ^= 1;
    const Member ben = w.add("ben", "open", {.with_key = true});
    RequestBytes by_ben = signed_knock(w, ben, 99);
    const Value value = anna.at(99);
    std::copy(value.view().begin(), value.view().end(), by_ben.begin());
    for (const RequestBytes& request : {knock(99, other_command), knock(99, other_server), by_ben})
        CHECK(judge(w, request) == Verdicts{"anna/open 99 not signed: signature wrong"});
    CHECK(judge(w, knock(99)) == Verdicts{"act anna/open 99 for 192.0.2.7"});
}

TEST_CASE("the time of a signed knock") {
    World w;
    w.now = std::chrono::floor<std::chrono::seconds>(w.now);
    const Member anna = w.add("anna", "open", {.with_key = true});
    GrantRules rules;
    rules.no_clock = true;
    const Member ben = w.add("ben", "open", with(rules));
    CHECK(judge(w, signed_knock(w, anna, 99, at(w.now - 60s))) == Verdicts{"act anna/open 99 for 192.0.2.7"});
    CHECK(judge(w, signed_knock(w, anna, 98, at(w.now + 60s))) == Verdicts{"act anna/open 98 for 192.0.2.7"});
    CHECK(judge(w, signed_knock(w, anna, 97, at(w.now - 61s))) ==
          Verdicts{"anna/open 97 refused: clock differs"});
    CHECK(judge(w, signed_knock(w, anna, 96, at(w.now + 61s))) ==
          Verdicts{"anna/open 96 refused: clock differs"});
    CHECK(judge(w, signed_knock(w, anna, 95, at(Time{}))) == Verdicts{"anna/open 95 refused: time missing"});
    CHECK(judge(w, signed_knock(w, ben, 99, at(Time{}))) == Verdicts{"act ben/open 99 for 192.0.2.7"});
    CHECK(judge(w, signed_knock(w, ben, 98, at(w.now - 61s))) ==
          Verdicts{"ben/open 98 refused: clock differs"});
    CHECK(w.counters().not_signed == 0);
    CHECK(w.counters().spent == 7);
}

TEST_CASE_FIXTURE(Signed, "seven looks in vain leave a value valid, the eighth spends it") {
    for (std::uint8_t i = 1; i <= 7; ++i)
        CHECK(judge(w, spoiled(knock(99), i)) == Verdicts{"anna/open 99 not signed: signature wrong"});
    CHECK(judge(w, spoiled(knock(99), 8)) == Verdicts{"anna/open 99 refused: signature wrong"});
    CHECK(w.counters().signature_checks == 8);
    CHECK(w.counters().not_signed == 7);
    CHECK(w.counters().spent == 1);
    const Row row = w.rows(RowKind::refused).at(0);
    CHECK(row.refusal == Refusal::signature_wrong);
    CHECK(row.request == spoiled(knock(99), 8));
    // What comes after it is no knock any more, and nobody looks at its signature.
    for (std::uint8_t i = 1; i <= 100; ++i)
        CHECK(judge(w, spoiled(knock(99), i)) == Verdicts{});
    CHECK(judge(w, knock(99)) == Verdicts{});
    CHECK(w.counters().signature_checks == 8);
    CHECK(judge(w, knock(98)) == Verdicts{"act anna/open 98 for 192.0.2.7"});
}

TEST_CASE_FIXTURE(Signed, "after seven looks in vain the right one is accepted") {
    for (std::uint8_t i = 1; i <= 7; ++i)
        (void)judge(w, spoiled(knock(99), i));
    CHECK(judge(w, knock(99)) == Verdicts{"act anna/open 99 for 192.0.2.7"});
    CHECK(w.counters().signature_checks == 8);
}

TEST_CASE_FIXTURE(Signed, "the count survives a restart") {
    for (std::uint8_t i = 1; i <= 5; ++i)
        (void)judge(w, spoiled(knock(99), i));
    CHECK(w.counters().signature_checks == 5);
    w.restart();
    CHECK(w.ledger->times_not_signed(anna.at(99)) == 5);
    CHECK(w.ledger->times_not_signed(anna.at(98)) == 0);
    for (std::uint8_t i = 6; i <= 20; ++i)
        (void)judge(w, spoiled(knock(99), i));
    CHECK(w.counters().signature_checks == 3);
    CHECK(w.rows(RowKind::refused).size() == 1);
}

TEST_CASE_FIXTURE(Signed, "plain knocks count with the wrong ones, and cost no look") {
    for (int i = 0; i < 7; ++i) {
        (void)w.knock(anna, 99);
        w.now += 1s;
    }
    CHECK(w.knock(anna, 99) == Verdicts{"anna/open 99 refused: signature missing"});
    CHECK(w.counters().signature_checks == 0);
    CHECK(judge(w, knock(98)) == Verdicts{"act anna/open 98 for 192.0.2.7"});
}

TEST_CASE_FIXTURE(Signed, "in one batch there are no more looks than one after the other") {
    std::vector<RequestBytes> flood;
    for (std::uint8_t i = 1; i <= 100; ++i)
        flood.push_back(spoiled(knock(99), i));
    const Outbox out = take_all(w, flood);
    CHECK(w.counters().signature_checks == 8);
    CHECK(w.rows(RowKind::not_signed).size() == 7);
    CHECK(w.rows(RowKind::refused).size() == 1);
    CHECK(out.reports.size() == 8);
    CHECK(w.counters().duplicates == 92);
}

TEST_CASE_FIXTURE(Signed, "a right one among wrong ones of the same batch is accepted, once") {
    const std::vector<RequestBytes> all{spoiled(knock(99), 1), knock(99), spoiled(knock(99), 2), knock(99)};
    CHECK(w.verdicts(take_all(w, all)) ==
          Verdicts{"act anna/open 99 for 192.0.2.7", "anna/open 99 not signed: signature wrong"});
    CHECK(w.counters().signature_checks == 2);
    CHECK(w.counters().duplicates == 2);
}

TEST_CASE_FIXTURE(Signed, "knocks of one batch keep their order, plain and signed ones together") {
    const Member ben = w.add("ben", "open");
    std::vector<message::Hit> hits;
    std::vector<message::Request> requests;
    for (Count count = 99; count >= 97; --count) {
        hits.push_back(w.hit(ben, count));
        hits.push_back(hit_of(w, knock(count)));
        requests.push_back(request_of(knock(count)));
    }
    CHECK(w.verdicts(w.take(hits, requests)) ==
          Verdicts{"act ben/open 99 for 192.0.2.7", "act anna/open 99 for 192.0.2.7",
                   "act ben/open 98 for 192.0.2.7", "act anna/open 98 for 192.0.2.7",
                   "act ben/open 97 for 192.0.2.7", "act anna/open 97 for 192.0.2.7"});
}

TEST_CASE_FIXTURE(Signed, "a value that is not the next one jumps as ever, and only it counts its looks") {
    CHECK(judge(w, spoiled(knock(95))) == Verdicts{"anna/open 95 not signed: signature wrong"});
    CHECK(w.ledger->times_not_signed(anna.at(99)) == 0);
    CHECK(judge(w, knock(95)) == Verdicts{"act anna/open 95 for 192.0.2.7"});
    CHECK(judge(w, knock(97)) == Verdicts{"anna/open 97 late"});
    CHECK(w.rows(RowKind::accepted).at(0).jumped == 4);
}

TEST_CASE_FIXTURE(Signed,
                  "a ledger that cannot be written lets in eight looks in ten seconds, and spends nothing") {
    const Member ben = w.add("ben", "open");
    {
        const World::Failing full(w, "INSERT ON event");
        for (std::uint8_t i = 1; i <= 50; ++i)
            CHECK(judge(w, spoiled(knock(99), i)) == Verdicts{"lost 1"});
        CHECK(w.counters().signature_checks == 8);
        CHECK(judge(w, knock(99)) == Verdicts{"lost 1"}); // the right one is not called wrong
        w.now += 11s;
        for (std::uint8_t i = 51; i <= 100; ++i)
            CHECK(judge(w, spoiled(knock(99), i)) == Verdicts{"lost 1"});
        CHECK(w.counters().signature_checks == 16);
        CHECK(w.counters().not_signed == 0);
        CHECK(w.rows(RowKind::not_signed).empty());
    }
    SUBCASE("until something else could be written") { REQUIRE(w.knock(ben, 99).size() == 1); }
    SUBCASE("until the time is over") { w.now += 11s; }
    SUBCASE("or until a restart") { w.restart(); }
    CHECK(judge(w, knock(99)) == Verdicts{"act anna/open 99 for 192.0.2.7"});
}

TEST_CASE_FIXTURE(Signed, "the same bytes again within a minute are a duplicate: one row, one look") {
    const RequestBytes wrong = spoiled(knock(99));
    CHECK(judge(w, wrong) == Verdicts{"anna/open 99 not signed: signature wrong"});
    for (int i = 0; i < 50; ++i) {
        w.now += 1s;
        CHECK(judge(w, wrong) == Verdicts{});
    }
    CHECK(w.verdicts(take_all(w, {wrong, wrong, spoiled(knock(99), 2), wrong, spoiled(knock(99), 2)})) ==
          Verdicts{"anna/open 99 not signed: signature wrong"});
    CHECK(w.counters().duplicates == 54);
    CHECK(w.counters().signature_checks == 2);
    CHECK(w.rows(RowKind::not_signed).size() == 2);
    w.now += 61s;
    CHECK(judge(w, wrong) == Verdicts{"anna/open 99 not signed: signature wrong"});
    CHECK(judge(w, knock(99, at(w.now))) == Verdicts{"act anna/open 99 for 192.0.2.7"});
}

TEST_CASE_FIXTURE(Signed, "the same bytes are looked at again when their row was lost") {
    const RequestBytes wrong = spoiled(knock(99));
    {
        const World::Failing full(w, "INSERT ON event");
        CHECK(judge(w, wrong) == Verdicts{"lost 1"});
    }
    CHECK(judge(w, wrong) == Verdicts{"anna/open 99 not signed: signature wrong"});
    CHECK(w.rows(RowKind::not_signed).size() == 1);
}

TEST_CASE_FIXTURE(Signed, "chains that have met accept nobody, and no signature is looked at") {
    World two;
    const Member anna_there = two.add("anna", "open", {.with_key = true});
    Entry met = *two.book.find(anna_there.grant);
    met.grant = two.add("ben", "open").grant;
    met.chain = two.book.find(met.grant)->chain;
    two.book.put(met);
    CHECK(judge(two, signed_knock(two, anna_there, 99)).back() == "anna/open 99 same image");
    CHECK(two.counters().signature_checks == 0);
}

TEST_CASE("a hold is for one argument, which its undo is handed, too") {
    World w;
    Command command = undoing(60s);
    command.argument = "[a-z]+";
    const Member anna = w.add("anna", "let-in", {.command = command, .with_key = true});
    Says says;
    says.command = "let-in";
    for (const auto& [count, argument] : {std::pair{99U, "web"}, {98U, "mail"}, {97U, "web"}}) {
        says.argument = argument;
        (void)judge(w, signed_knock(w, anna, count, says));
    }
    const auto holds = w.ledger->holds();
    REQUIRE(holds.size() == 2);
    CHECK(holds[0].row == RowNumber{2});
    CHECK(holds[0].argument == "web");
    CHECK(holds[1].argument == "mail");
}
