// Commands that last, what is left of removed grants, requests, and the guard.
#include "store/policy_store.h"

#include "tests/store/support.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace otk;
using namespace otk::test;
using nlohmann::json;

namespace {

Command open_ssh() {
    Command command;
    command.name = "ssh";
    command.kind = CommandKind::open;
    command.hold = std::chrono::seconds(60);
    command.service = {Protocol::tcp, 22};
    command.prefix4 = 24;
    command.prefix6 = 56;
    return command;
}

Command forward_ssh() {
    Command command;
    command.name = "in";
    command.kind = CommandKind::forward;
    command.hold = longest_hold;
    command.target = *parse_endpoint("[2001:db8::7]:2222");
    return command;
}

Command exec_with_undo() {
    Command with_undo = command("firewall");
    with_undo.undo = {"/usr/bin/rm", "{address}", ""};
    with_undo.hold = std::chrono::seconds(1);
    return with_undo;
}

Command closing(CommandId which) {
    Command command;
    command.name = "shut";
    command.kind = CommandKind::close;
    command.closes = which;
    return command;
}

bool same(const Command& a, const Command& b) {
    return a.name == b.name && a.enabled == b.enabled && a.kind == b.kind && a.argv == b.argv &&
           a.undo == b.undo && a.run_as == b.run_as && a.time_limit == b.time_limit &&
           a.leave_running == b.leave_running && a.hold == b.hold && a.service == b.service &&
           a.prefix4 == b.prefix4 && a.prefix6 == b.prefix6 && a.target == b.target && a.closes == b.closes;
}

struct DoorsPolicy {
    Folder folder;
    std::filesystem::path file = folder / "policy.db";
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(at_second(500));
    PolicyStore store = PolicyStore::create(file, server_id, ledger_id, "berta", clock);
    UserId anna = store.add_user("anna");

    [[nodiscard]] Change last() const { return store.changes(1).front(); }
};

} // namespace

TEST_CASE("commands of every kind keep every field, in the database and in the record") {
    DoorsPolicy policy;
    for (const Command& wanted : {open_ssh(), forward_ssh(), exec_with_undo(), closing(CommandId{1})}) {
        CAPTURE(wanted.name);
        const CommandId id = policy.store.add_command(wanted);
        const auto found = policy.store.command_named(wanted.name);
        REQUIRE(found);
        CHECK(found->id == id);
        CHECK(same(*found, wanted));
        const json record = json::parse(policy.last().after);
        CHECK(record["kind"] == std::string(name_of(wanted.kind)));
        CHECK(record["hold"] == wanted.hold.count());
        CHECK(record["undo"] == json(wanted.undo));
        CHECK(record["prefix4"] == wanted.prefix4);
        CHECK(record["prefix6"] == wanted.prefix6);
        const bool open = wanted.kind == CommandKind::open;
        CHECK(record["service"] == (open ? json("22/tcp") : json(nullptr)));
        const bool forward = wanted.kind == CommandKind::forward;
        CHECK(record["target"] == (forward ? json("[2001:db8::7]:2222") : json(nullptr)));
        CHECK(record["closes"] == (wanted.kind == CommandKind::close ? json("ssh") : json(nullptr)));
    }
    const GrantId id = policy.store.add_grant(grant(policy.anna, CommandId{2}, 1));
    GrantRules rules;
    rules.address = AddressRule::claim;
    rules.claims = 4;
    policy.store.set_grant_rules(id, rules);
    const GrantDetails details = *policy.store.grant(id);
    CHECK(same(details.command, forward_ssh()));
    CHECK(details.grant.rules.address == AddressRule::claim);
    CHECK(details.grant.rules.claims == 4);
    CHECK(json::parse(policy.last().after)["claims"] == 4);
}

TEST_CASE("what a kind does not use, or lacks, is refused") {
    DoorsPolicy policy;
    policy.store.add_command(command("touch"));
    const auto refused = [&](const Command& command) {
        return error_of([&] { policy.store.add_command(command); }).find("the database refuses it") !=
               std::string::npos;
    };
    Command wrong = open_ssh();
    wrong.service = {};
    CHECK(refused(wrong));
    wrong = open_ssh();
    wrong.target = forward_ssh().target;
    CHECK(refused(wrong));
    wrong = forward_ssh();
    wrong.target = {};
    CHECK(refused(wrong));
    wrong = forward_ssh();
    wrong.service = open_ssh().service;
    CHECK(refused(wrong));
    wrong = forward_ssh();
    wrong.hold = longest_hold + std::chrono::seconds(1);
    CHECK(refused(wrong));
    wrong = exec_with_undo();
    wrong.undo.clear();
    CHECK(refused(wrong));                 // a hold without anything to undo
    CHECK(refused(closing(CommandId{1}))); // touch does not last
    CHECK(refused(closing(CommandId{9})));
    CHECK(policy.store.commands().size() == 1);

    policy.store.add_command(open_ssh());
    Grant claiming = grant(policy.anna, CommandId{2}, 1);
    claiming.rules.address = AddressRule::claim;
    CHECK(error_of([&] { policy.store.add_grant(claiming); }).find("only the door of a forward command") !=
          std::string::npos);
    CHECK_FALSE(policy.store.seed_seen(claiming.enrolment.seed));
}

TEST_CASE("a command that others close stays until they are gone, with its grants") {
    DoorsPolicy policy;
    const CommandId ssh = policy.store.add_command(open_ssh());
    const GrantId right = policy.store.add_grant(grant(policy.anna, ssh, 1));
    Command shut = closing(ssh);
    const CommandId first = policy.store.add_command(shut);
    shut.name = "bar";
    const CommandId second = policy.store.add_command(shut);
    const std::size_t changes = policy.store.changes(SIZE_MAX).size();
    const std::string error = error_of([&] { policy.store.remove_command(ssh); });
    CHECK(error.find("command ssh cannot be removed") == 0);
    CHECK(error.find("bar, shut") != std::string::npos);
    CHECK(policy.store.grant(right));
    CHECK_FALSE(policy.store.removed_grant(right));
    CHECK(policy.store.changes(SIZE_MAX).size() == changes);
    policy.store.remove_command(first);
    CHECK(json::parse(policy.last().before)["closes"] == "ssh");
    policy.store.remove_command(second);
    policy.store.remove_command(ssh);
    CHECK(policy.store.removed_grant(right));
    CHECK(policy.store.commands().empty());
}

TEST_CASE("of a grant that is gone there remain the names and the command as it was") {
    DoorsPolicy policy;
    const UserId berta = policy.store.add_user("berta");
    const CommandId firewall = policy.store.add_command(exec_with_undo());
    const CommandId in = policy.store.add_command(forward_ssh());
    std::vector<GrantId> grants;
    for (const auto& [user, command, seed] :
         {std::tuple{policy.anna, firewall, 1}, {policy.anna, in, 2}, {berta, firewall, 3}, {berta, in, 4}}) {
        grants.push_back(policy.store.add_grant(grant(user, command, static_cast<std::uint64_t>(seed))));
        CHECK_FALSE(policy.store.removed_grant(grants.back()));
    }
    policy.store.remove_grant(grants[0]);
    // What happens to the command later does not change what was.
    policy.store.set_command_enabled(firewall, false);
    policy.store.remove_user(policy.anna);
    policy.store.remove_command(firewall);
    Command other = open_ssh();
    other.name = "firewall";
    policy.store.add_command(other);
    policy.store.add_user("anna");

    const auto check = [&](GrantId id, std::string_view user, UserId user_id, const Command& command,
                           CommandId command_id) {
        CHECK_FALSE(policy.store.grant(id));
        const auto left = policy.store.removed_grant(id);
        REQUIRE(left);
        CHECK(left->grant.id == id);
        CHECK(left->grant.user == user_id);
        CHECK(left->grant.command == command_id);
        CHECK_FALSE(left->grant.enabled);
        CHECK(left->grant.enrolment.seed.empty());
        CHECK(left->user.name == user);
        CHECK(left->user.id == user_id);
        CHECK_FALSE(left->user.enabled);
        CHECK(left->command.id == command_id);
        CHECK(same(left->command, command));
    };
    check(grants[0], "anna", policy.anna, exec_with_undo(), firewall);
    check(grants[1], "anna", policy.anna, forward_ssh(), in);
    Command disabled = exec_with_undo();
    disabled.enabled = false;
    check(grants[2], "berta", berta, disabled, firewall);
    CHECK_FALSE(policy.store.removed_grant(grants[3]));
    CHECK(policy.store.grant(grants[3]));
    CHECK_FALSE(policy.store.removed_grant(GrantId{99}));
    CHECK(PolicyStore::open_for_reading(policy.file).removed_grant(grants[0]));
}

TEST_CASE("requests are kept in order, with who asked, and leave their rows of change") {
    DoorsPolicy policy;
    const CommandId ssh = policy.store.add_command(open_ssh());
    const GrantId id = policy.store.add_grant(grant(policy.anna, ssh, 1));
    CHECK(policy.store.requests_after(0).empty());
    const Value value = walk(Algorithm::sha256, start_of(Algorithm::sha256, 1), 40);
    Request resync;
    resync.kind = Request::Kind::resync;
    resync.grant = id;
    resync.value = value;
    resync.who = "somebody else";
    CHECK(policy.store.add_request(resync) == 1);
    CHECK(policy.last().what == "grant resync");
    CHECK(policy.last().object == "anna/ssh");
    CHECK(policy.last().before.empty());
    CHECK(json::parse(policy.last().after)["request"] == 1);
    policy.clock->set(at_second(700));
    Request close;
    close.kind = Request::Kind::close;
    close.row = 17;
    CHECK(policy.store.add_request(close) == 2);
    CHECK(policy.last().what == "door close");
    CHECK(policy.last().object == "17");
    CHECK(json::parse(policy.last().after)["request"] == 2);

    const PolicyStore reader = PolicyStore::open_for_reading(policy.file);
    const std::vector<Request> all = reader.requests_after(0);
    REQUIRE(all.size() == 2);
    CHECK(all[0].id == 1);
    CHECK(all[0].at == at_second(500));
    CHECK(all[0].who == "berta");
    CHECK(all[0].kind == Request::Kind::resync);
    CHECK(all[0].grant == id);
    CHECK(all[0].value == value);
    CHECK(all[0].row == 0);
    CHECK(all[1].id == 2);
    CHECK(all[1].at == at_second(700));
    CHECK(all[1].kind == Request::Kind::close);
    CHECK(all[1].grant == GrantId{});
    CHECK(all[1].value.empty());
    CHECK(all[1].row == 17);
    CHECK(reader.requests_after(1).size() == 1);
    CHECK(reader.requests_after(1).front().id == 2);
    CHECK(reader.requests_after(2).empty());
}

TEST_CASE("what cannot be asked for leaves no request") {
    DoorsPolicy policy;
    const CommandId ssh = policy.store.add_command(open_ssh());
    const GrantId id = policy.store.add_grant(grant(policy.anna, ssh, 1));
    const std::size_t changes = policy.store.changes(SIZE_MAX).size();
    const auto error = [&](const Request& request) {
        return error_of([&] { policy.store.add_request(request); });
    };
    Request resync;
    resync.kind = Request::Kind::resync;
    resync.grant = GrantId{9};
    resync.value = start_of(Algorithm::sha256, 1);
    CHECK(error(resync) == "there is no grant number 9 any more");
    resync.grant = id;
    resync.value = start_of(Algorithm::sha1, 1);
    CHECK(error(resync) == "a knock of anna/ssh has 16 bytes, and this value has 8: give one of that chain");
    resync.value = {};
    CHECK_FALSE(error(resync).empty());
    Request close;
    close.kind = Request::Kind::close;
    CHECK_FALSE(error(close).empty());
    CHECK(policy.store.requests_after(0).empty());
    CHECK(policy.store.changes(SIZE_MAX).size() == changes);
}

TEST_CASE("the guard is off at first, and each decision stays and is on record") {
    DoorsPolicy policy;
    CHECK(policy.store.guard() == GuardDecision{});
    CHECK_FALSE(policy.store.guard().on);
    const GuardDecision trial{.on = true, .trial_until = at_second(900)};
    policy.store.set_guard(trial);
    CHECK(policy.store.guard() == trial);
    CHECK(policy.last().what == "guard on");
    CHECK(policy.last().who == "berta");
    CHECK(json::parse(policy.last().before) == json{{"armed", false}, {"trial_until", nullptr}});
    CHECK(json::parse(policy.last().after) ==
          json{{"armed", true}, {"trial_until", "1970-01-01T00:15:00.123Z"}});
    policy.store.set_guard({.on = true, .trial_until = std::nullopt});
    CHECK(policy.store.guard() == GuardDecision{.on = true, .trial_until = std::nullopt});
    const PolicyStore reader = PolicyStore::open_for_reading(policy.file);
    CHECK(reader.guard().on);
    const std::int64_t version = reader.version();
    policy.store.set_guard({});
    CHECK(reader.version() != version);
    CHECK(reader.guard() == GuardDecision{});
    CHECK(policy.last().what == "guard off");
    CHECK_FALSE(
        error_of([&] { policy.store.set_guard({.on = false, .trial_until = at_second(1)}); }).empty());
    CHECK(policy.store.guard() == GuardDecision{});
}
