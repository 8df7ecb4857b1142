// The server's own keys, and what a command says about arguments, in policy.db.

#include "base/text.h"
#include "tests/unit/store/policy_statements.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace otk;
using namespace otk::test;

namespace {

PublicServerKey key_of(std::uint8_t byte) {
    PublicServerKey key{};
    key.fill(byte);
    return key;
}

struct KeysPolicy {
    Folder folder;
    std::filesystem::path file = folder / "policy.db";
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(at_second(500));
    PolicyStore store = PolicyStore::create(file, server_id, ledger_id, "berta", clock);

    std::int64_t add(std::uint8_t byte, std::optional<Time> others_end = std::nullopt) {
        return store.add_server_key([byte](std::int64_t) { return key_of(byte); }, others_end);
    }
    [[nodiscard]] std::optional<Time> end_of(std::size_t which) const {
        return store.server_keys().at(which).ends;
    }
    [[nodiscard]] std::vector<std::string> record() const {
        std::vector<std::string> lines;
        for (const Change& change : store.changes(100))
            lines.insert(lines.begin(), change.what + " " + change.object);
        return lines;
    }
};

} // namespace

TEST_CASE("server keys are numbered, and the next one may end those before it") {
    KeysPolicy policy;
    CHECK(policy.store.server_keys().empty());
    std::vector<std::int64_t> asked;
    const auto make = [&asked](std::int64_t number) {
        asked.push_back(number);
        return key_of(static_cast<std::uint8_t>(number));
    };
    CHECK(policy.store.add_server_key(make) == 1);
    policy.clock->set(at_second(600));
    CHECK(policy.store.add_server_key(make, at_second(900)) == 2);
    CHECK(asked == std::vector<std::int64_t>{1, 2});

    const std::vector<ServerKeyRecord> keys = PolicyStore::open_for_reading(policy.file).server_keys();
    REQUIRE(keys.size() == 2);
    CHECK(keys[0].public_half == key_of(1));
    CHECK(keys[0].created == at_second(500));
    CHECK(keys[0].ends == at_second(900));
    CHECK(keys[1].public_half == key_of(2));
    CHECK_FALSE(keys[1].ends);
    CHECK(in_force(keys[0], at_second(900) - std::chrono::nanoseconds{1}));
    CHECK_FALSE(in_force(keys[0], at_second(900)));
    CHECK(in_force(keys[1], at_second(1'000'000)));
    CHECK(policy.record() == std::vector<std::string>{"init ", "key add 1", "key add 2", "key end 1"});
}

TEST_CASE("an end is only moved forward") {
    KeysPolicy policy;
    policy.add(1);
    policy.add(2, at_second(900));
    policy.add(3, at_second(5000)); // later than what was decided about 1
    CHECK(policy.end_of(0) == at_second(900));
    CHECK(policy.end_of(1) == at_second(5000));
    CHECK(error_of([&] { policy.store.end_server_key(1, at_second(901)); }).find("can only end earlier") !=
          std::string::npos);
    policy.store.end_server_key(1, at_second(700));
    CHECK(policy.end_of(0) == at_second(700));
    policy.store.end_server_key(3, at_second(10)); // before it was made: it never counts
    CHECK(policy.end_of(2) == at_second(500));
    CHECK(error_of([&] { policy.store.end_server_key(4, at_second(1)); }) ==
          "there is no server key number 4");
    const auto before = nlohmann::json::parse(policy.store.changes(1).front().before);
    CHECK(before["public"] == to_hex(key_of(3)));
    CHECK(before["ends"].is_null());
}

TEST_CASE("a key whose file could not be written leaves nothing, and its number is free") {
    KeysPolicy policy;
    policy.add(1);
    CHECK(error_of([&] {
              policy.store.add_server_key([](std::int64_t) -> PublicServerKey { throw Error("disk full"); },
                                          at_second(900));
          }) == "disk full");
    CHECK(policy.store.server_keys().size() == 1);
    CHECK_FALSE(policy.end_of(0));
    CHECK(policy.record().size() == 2);
    CHECK(policy.add(2) == 2);
}

TEST_CASE("nobody can add another key while the file of one is being written") {
    KeysPolicy policy;
    bool tried = false;
    policy.store.add_server_key([&](std::int64_t) {
        // The connection of another process waits for the lock; this one asks without waiting.
        tried = true;
        CHECK(raw_error(policy.file, "INSERT INTO server_key (public, created) VALUES (zeroblob(32), 1)")
                  .find("locked") != std::string::npos);
        return key_of(1);
    });
    CHECK(tried);
}

TEST_CASE("the schema keeps server keys as they are but for an earlier end") {
    KeysPolicy policy;
    policy.add(1);
    policy.add(2, at_second(900));
    for (const char* statement :
         {"DELETE FROM server_key", "UPDATE server_key SET public = zeroblob(32) WHERE id = 1",
          "UPDATE server_key SET created = 1", "UPDATE server_key SET id = 7 WHERE id = 1",
          "UPDATE server_key SET ends = NULL WHERE id = 1",
          "UPDATE server_key SET ends = ends + 1 WHERE id = 1", "UPDATE server_key SET ends = created - 1",
          "INSERT INTO server_key (public, created) VALUES (zeroblob(31), 1)",
          "INSERT INTO server_key (public, created) SELECT public, 1 FROM server_key WHERE id = 1",
          "INSERT INTO server_key (id, public, created) VALUES (0, zeroblob(32), 1)"}) {
        CAPTURE(statement);
        CHECK(raw_error(policy.file, statement) != "");
    }
    CHECK(raw_error(policy.file, "UPDATE server_key SET ends = ends - 1 WHERE id = 1") == "");
    CHECK(raw_error(policy.file, "UPDATE server_key SET ends = created WHERE id = 2") == "");
}

TEST_CASE("a program's pattern for arguments is kept, and goes with it when its grant is removed") {
    KeysPolicy policy;
    Command taking = command("restart");
    taking.argument = "nginx|postgresql";
    const CommandId id = policy.store.add_command(taking);
    CHECK(policy.store.command_named("restart")->argument == taking.argument);
    const GrantId granted = policy.store.add_grant(grant(policy.store.add_user("anna"), id, 1));
    CHECK(policy.store.grant(granted)->command.argument == taking.argument);
    policy.store.remove_command(id);
    CHECK(policy.store.removed_grant(granted)->command.argument == taking.argument);
    CHECK(nlohmann::json::parse(policy.store.changes(1).front().before)["argument"] == taking.argument);
}

TEST_CASE("the schema takes patterns of programs only, in printable ASCII, and rules that are yes or no") {
    const SmallPolicy policy;
    const auto with = [&](const std::string& argument, const std::string& kind) {
        Fields fields = of_kind(kind, {{"argument", argument}});
        if (kind == "exec") fields = {{"argument", argument}};
        fields["name"] = "'n'";
        const std::string error = raw_error(policy.file, adding_command(fields));
        if (error.empty()) REQUIRE(raw_error(policy.file, "DELETE FROM command WHERE name = 'n'") == "");
        return error;
    };
    CHECK(with("''", "exec") == "");
    CHECK(with("'[a-z ]{1,9}~'", "exec") == "");
    CHECK(with("printf('%.256c', 'a')", "exec") == "");
    CHECK(with("printf('%.257c', 'a')", "exec") != "");
    CHECK(with("NULL", "exec") != "");
    CHECK(with("'a' || char(9)", "exec") != "");
    CHECK(with("'a' || char(0) || 'b'", "exec") != "");
    CHECK(with("'\u00e4'", "exec") != "");
    CHECK(with("''", "open") == "");
    CHECK(with("'a'", "open") != "");
    CHECK(with("'a'", "forward") != "");
    for (const char* rule : {"plain", "no_clock", "ignore_sequence"}) {
        CAPTURE(rule);
        CHECK(raw_error(policy.file, fmt::format("UPDATE grant SET {} = 1", rule)) == "");
        CHECK(raw_error(policy.file, fmt::format("UPDATE grant SET {} = 2", rule)) != "");
        CHECK(raw_error(policy.file, fmt::format("UPDATE grant SET {} = NULL", rule)) != "");
    }
}
