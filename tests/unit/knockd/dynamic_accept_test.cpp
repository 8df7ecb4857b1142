// Dynamic requests before the acceptance (DESIGN 6), up to where the sessions begin.

#include "base/text.h"
#include "tests/unit/knockd/asking.h"

#include <doctest/doctest.h>

#include <fstream>

using namespace otk;
using namespace otk::test;
using namespace std::chrono_literals;

namespace {

// A world whose server has keys in force: number 1, and number 2 when it is wanted.
struct Dynamic {
    World w;
    ServerKeys keys{w.folder.path()};
    std::vector<ExchangeKey> publics;
    Member anna;

    Dynamic() {
        add_key();
        w.server_keys = &keys;
        w.restart();
        GrantRules rules;
        rules.address = AddressRule::named;
        anna = w.add("anna", "let-in", {.rules = rules, .command = forward(60s), .with_key = true});
    }
    void add_key() {
        (void)w.admin->add_server_key([this](std::int64_t number) {
            const ServerKey key = ServerKey::generate(system_random);
            std::ofstream(w.folder / fmt::format("{}.key", number)) << to_hex(key.bytes()) << '\n';
            publics.push_back(key.public_key());
            return key.public_key();
        });
        CHECK(keys.load(*w.policy, w.now).empty());
    }
    [[nodiscard]] RequestBytes request(Count count, const Address& address = *Address::parse("203.0.113.9"),
                                       std::size_t key = 0, const std::string& command = "let-in") const {
        DynamicRequest said;
        said.value = anna.at(count);
        said.time = std::chrono::floor<std::chrono::seconds>(w.now);
        said.address = address;
        said.syns = {DeclaredSyn{1001, 11}, DeclaredSyn{1002, 12}, DeclaredSyn{1003, 13}};
        const DynamicClient client(said, SigningKey::of(*anna.secret), {server_id, command}, publics[key],
                                   system_random);
        return {client.request().begin(), client.request().end()};
    }
};

} // namespace

TEST_CASE_FIXTURE(Dynamic, "a right one is spent and handed over, and nothing is held yet") {
    const RequestBytes bytes = request(99);
    Outbox out = take_all(w, {bytes}, from("192.0.2.7"));
    REQUIRE(out.acts.size() == 1);
    CHECK(out.acts[0].stage == message::Act::Stage::waits);
    CHECK(out.acts[0].hold == RowNumber{});
    CHECK(out.acts[0].is_signed == 1);
    CHECK(out.acts[0].address.text() == "203.0.113.9");
    REQUIRE(out.requests.size() == 1);
    const AcceptedRequest& handed = out.requests[0];
    CHECK(handed.refusal == Refusal::none);
    CHECK(handed.act.row == out.acts[0].row);
    CHECK(handed.source.text() == "192.0.2.7");
    CHECK(handed.source_port == 40'000);
    CHECK(handed.syns[2] == DeclaredSyn{1003, 13});
    CHECK_FALSE(handed.ignore_sequence);
    CHECK(handed.keys.id != DynamicId{});
    CHECK(w.ledger->holds().empty());
    CHECK(w.ledger->is_open(handed.act.row.row));
    CHECK(w.rows(RowKind::accepted).at(0).request == bytes);
    CHECK(w.counters().exchanges == 1);
    CHECK(w.counters().signature_checks == 1);
    // Byte for byte again: a duplicate, and nothing is computed for it.
    out = take_all(w, {bytes}, from("192.0.2.7"));
    CHECK(out.acts.empty());
    CHECK(out.requests.empty());
    CHECK(w.counters().exchanges == 1);
}

TEST_CASE_FIXTURE(Dynamic, "each key in force is tried, the newest first") {
    add_key();
    CHECK(take_all(w, {request(99)}).acts.size() == 1);
    CHECK(w.counters().exchanges == 2);
    CHECK(take_all(w, {request(98, *Address::parse("203.0.113.9"), 1)}).acts.size() == 1);
    CHECK(w.counters().exchanges == 3);
}

TEST_CASE_FIXTURE(Dynamic, "a flood with wrong values reaches no key exchange") {
    for (int i = 0; i < 1000; ++i) {
        RequestBytes wrong = request(99);
        wrong[static_cast<std::size_t>(i) % 16] ^= static_cast<std::uint8_t>(1 + i / 16);
        const Outbox out = take_all(w, {wrong});
        CHECK((out.acts.empty() && out.reports.empty()));
    }
    CHECK(w.counters().stale == 1000);
    CHECK(w.counters().exchanges == 0);
    CHECK(w.counters().signature_checks == 0);
}

TEST_CASE_FIXTURE(Dynamic, "behind a right value there are eight looks at most") {
    for (std::size_t i = 1; i <= 100; ++i) {
        RequestBytes wrong = request(99);
        wrong[wrong.size() - i] ^= 1;
        (void)take_all(w, {wrong});
    }
    CHECK(w.counters().exchanges == 8);
    CHECK(w.counters().signature_checks == 0); // no box opened
    CHECK(w.rows(RowKind::not_signed).size() == 7);
    CHECK(w.rows(RowKind::refused).at(0).refusal == Refusal::no_server_key);
    CHECK(take_all(w, {request(98)}).acts.size() == 1);
}

TEST_CASE_FIXTURE(Dynamic,
                  "what was signed for another command, by another, or for a key that has ended, is none") {
    CHECK(judge(w, request(99, *Address::parse("203.0.113.9"), 0, "other")) ==
          Verdicts{"anna/let-in 99 not signed: signature wrong"});
    CHECK(w.knock(anna, 99) == Verdicts{"anna/let-in 99 not signed: signature missing"});
    add_key();
    w.admin->end_server_key(1, w.now + 10s);
    CHECK(keys.load(*w.policy, w.now).empty());
    CHECK(take_all(w, {request(99)}).acts.size() == 1);
    w.now += 11s;
    CHECK(judge(w, request(98)) == Verdicts{"anna/let-in 98 not signed: server key unknown"});
    CHECK(take_all(w, {request(98, *Address::parse("203.0.113.9"), 1)}).acts.size() == 1);
}

TEST_CASE_FIXTURE(Dynamic, "one that a rule refuses is spent, and handed over for its answer alone") {
    w.admin->set_grant_enabled(anna.grant, false);
    w.reload();
    const Outbox out = take_all(w, {request(99)});
    CHECK(out.acts.empty());
    REQUIRE(out.requests.size() == 1);
    CHECK(out.requests[0].refusal == Refusal::grant_disabled);
    CHECK(w.rows(RowKind::refused).size() == 1);
}

TEST_CASE_FIXTURE(Dynamic, "for a command that forwards nothing it is refused") {
    GrantRules rules;
    rules.address = AddressRule::named;
    anna = w.add("anna", "open", {.rules = rules, .command = door(60s), .with_key = true});
    CHECK(judge(w, request(99, *Address::parse("203.0.113.9"), 0, "open")) ==
          Verdicts{"anna/open 99 refused: not dynamic"});
}
