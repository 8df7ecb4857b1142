#include "store/policy_store.h"

#include "tests/store/support.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <unistd.h>

using namespace otk;
using namespace otk::test;

namespace {

// A store with the user anna, the command sshd, and a clock that the test sets.
struct Policy {
    Folder folder;
    std::filesystem::path file = folder / "policy.db";
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(at_second(500));
    PolicyStore store = PolicyStore::create(file, server_id, ledger_id, "root", clock);
    UserId anna = store.add_user("anna");
    CommandId sshd = store.add_command(command("sshd"));
};

} // namespace

TEST_CASE("a new policy database has its ids, mode 0640 whatever the umask, and refuses to be made twice") {
    const Folder folder;
    const mode_t before = ::umask(0177);
    { const PolicyStore made = PolicyStore::create(folder / "policy.db", server_id, ledger_id); }
    ::umask(before);
    struct stat status {};
    REQUIRE(::stat((folder / "policy.db").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0640);
    const PolicyStore store = PolicyStore::open_for_reading(folder / "policy.db");
    CHECK(store.server_id() == server_id);
    CHECK(store.ledger_id() == ledger_id);
    const std::string error =
        error_of([&] { PolicyStore::create(folder / "policy.db", server_id, ledger_id); });
    CHECK(error.find("policy.db exists already") != std::string::npos);
    // Nothing is left of the second attempt.
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
        CHECK(entry.path().native().find(".new-") == std::string::npos);
    }
}

TEST_CASE("a missing policy database is an error that says what to do, and nothing is made") {
    const Folder folder;
    const auto reading = error_of([&] { PolicyStore::open_for_reading(folder / "policy.db"); });
    const auto changing = error_of([&] { PolicyStore::open_for_change(folder / "policy.db", "root"); });
    CHECK(reading.find("policy.db: knockmgr init makes it") != std::string::npos);
    CHECK(changing == reading);
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("users are added, found, disabled and removed") {
    Policy policy;
    CHECK(policy.store.user_named("anna")->id == policy.anna);
    CHECK(policy.store.user_named("anna")->enabled);
    CHECK_FALSE(policy.store.user_named("Anna"));
    const UserId berta = policy.store.add_user("berta");
    CHECK(error_of([&] { policy.store.add_user("anna"); }) == "user anna exists already");

    policy.store.set_user_enabled(policy.anna, false);
    CHECK_FALSE(policy.store.user_named("anna")->enabled);
    CHECK(policy.store.user_named("berta")->enabled);
    policy.store.set_user_enabled(policy.anna, true);
    CHECK(policy.store.user_named("anna")->enabled);

    policy.store.remove_user(berta);
    CHECK_FALSE(policy.store.user_named("berta"));
    CHECK(error_of([&] { policy.store.remove_user(berta); }) == "there is no user number 2 any more");
    CHECK(error_of([&] { policy.store.set_user_enabled(berta, true); }) ==
          "there is no user number 2 any more");
    // The newest id is gone, and yet is not given again.
    CHECK(policy.store.add_user("carla") == UserId{3});
    const std::vector<User> users = policy.store.users();
    REQUIRE(users.size() == 2);
    CHECK(users[0].name == "anna");
    CHECK(users[1].name == "carla");
}

TEST_CASE("commands keep every field") {
    Policy policy;
    Command open = command("open-door.2");
    open.enabled = false;
    open.argv = {"/bin/echo", "", "with \"quotes\"", "\xc3\xa4 and \n", "{user}"};
    open.run_as = "www-data";
    open.time_limit = std::chrono::minutes(90);
    const CommandId id = policy.store.add_command(open);
    const auto found = policy.store.command_named("open-door.2");
    REQUIRE(found);
    CHECK(found->id == id);
    CHECK_FALSE(found->enabled);
    CHECK(found->kind == CommandKind::exec);
    CHECK(found->argv == open.argv);
    CHECK(found->run_as == "www-data");
    CHECK(found->time_limit == std::chrono::minutes(90));

    CHECK(error_of([&] { policy.store.add_command(open); }) == "command open-door.2 exists already");
    policy.store.set_command_enabled(id, true);
    CHECK(policy.store.command_named("open-door.2")->enabled);
    CHECK(policy.store.commands().size() == 2);
    CHECK(policy.store.commands().front().name == "open-door.2");
    policy.store.remove_command(id);
    CHECK_FALSE(policy.store.command_named("open-door.2"));
    CHECK(error_of([&] { policy.store.remove_command(id); }) == "there is no command number 2 any more");
}

TEST_CASE("an argument that is not UTF-8 is refused, and nothing of the command stays") {
    Policy policy;
    Command latin = command("latin");
    latin.argv.emplace_back("\xe4");
    CHECK(error_of([&] { policy.store.add_command(latin); }).find("command latin") == 0);
    CHECK_FALSE(policy.store.command_named("latin"));
}

TEST_CASE("grants keep every field and come back with user and command") {
    Policy policy;
    Grant wanted = grant(policy.anna, policy.sshd, 1);
    wanted.enabled = false;
    wanted.enrolment.public_key.emplace();
    wanted.enrolment.public_key->fill(0xab);
    wanted.rules = {.not_before = at_second(3000),
                    .expires_at = at_second(4000),
                    .sources = {*Network::parse("192.0.2.0/24"), *Network::parse("2001:db8::/32")},
                    .address = AddressRule::named,
                    .named_within = {*Network::parse("198.51.100.7")},
                    .carriers = Carriers{0b0110},
                    .hours = {*parse_hours("mon-fri 08:00-18:00"), *parse_hours("sat 22:00-06:00")},
                    .time_zone = "America/Port-au-Prince",
                    .per_hour = 4'294'967'295,
                    .per_day = 7,
                    .plain = true,
                    .no_clock = true,
                    .ignore_sequence = true};
    wanted.handover = {"server.example.org", "base32", false};
    const GrantId id = policy.store.add_grant(wanted);
    for (const auto& found : {policy.store.grant(id), policy.store.grant_of("anna", "sshd")}) {
        REQUIRE(found);
        const Grant& stored = found->grant;
        CHECK(stored.id == id);
        CHECK(stored.user == policy.anna);
        CHECK(stored.command == policy.sshd);
        CHECK_FALSE(stored.enabled);
        CHECK(stored.enrolment.algorithm == Algorithm::sha256);
        CHECK(stored.enrolment.length == 100);
        CHECK(stored.enrolment.seed == wanted.enrolment.seed);
        CHECK(stored.enrolment.image == wanted.enrolment.image);
        CHECK(stored.enrolment.public_key == wanted.enrolment.public_key);
        CHECK(stored.chain == wanted.chain);
        CHECK(stored.created == wanted.created);
        CHECK(stored.handover.host == "server.example.org");
        CHECK(stored.handover.form == "base32");
        CHECK(stored.handover.made_here == false);
        CHECK(stored.rules.not_before == wanted.rules.not_before);
        CHECK(stored.rules.expires_at == wanted.rules.expires_at);
        CHECK(stored.rules.sources == wanted.rules.sources);
        CHECK(stored.rules.address == AddressRule::named);
        CHECK(stored.rules.named_within == wanted.rules.named_within);
        CHECK(stored.rules.carriers == wanted.rules.carriers);
        CHECK(stored.rules.hours == wanted.rules.hours);
        CHECK(stored.rules.time_zone == wanted.rules.time_zone);
        CHECK(stored.rules.per_hour == wanted.rules.per_hour);
        CHECK(stored.rules.per_day == wanted.rules.per_day);
        CHECK(stored.rules.plain);
        CHECK(stored.rules.no_clock);
        CHECK(stored.rules.ignore_sequence);
        CHECK(found->user.name == "anna");
        CHECK(found->command.argv == command("sshd").argv);
    }
    policy.store.set_grant_rules(id, {});
    policy.store.set_grant_enabled(id, true);
    const Grant plain = policy.store.grant(id)->grant;
    CHECK(plain.enabled);
    CHECK_FALSE(plain.rules.not_before);
    CHECK_FALSE(plain.rules.expires_at);
    CHECK(plain.rules.sources.empty());
    CHECK(plain.rules.address == AddressRule::knock);
    CHECK(plain.rules.named_within.empty());
    CHECK(plain.rules.carriers == Carriers{});
    CHECK(plain.rules.hours.empty());
    CHECK(plain.rules.time_zone.empty());
    CHECK(plain.rules.per_hour == 0);
    CHECK(plain.rules.per_day == 0);
    CHECK_FALSE(plain.rules.plain);
    CHECK_FALSE(plain.rules.no_clock);
    CHECK_FALSE(plain.rules.ignore_sequence);
    CHECK(plain.enrolment.image == wanted.enrolment.image);
}

TEST_CASE("one grant for each user and command, and none for what is gone") {
    Policy policy;
    const GrantId first = policy.store.add_grant(grant(policy.anna, policy.sshd, 1));
    CHECK(error_of([&] {
              policy.store.add_grant(grant(policy.anna, policy.sshd, 2));
          }).find("user anna has a grant for sshd already") == 0);
    CHECK_FALSE(policy.store.seed_seen(enrolment(2).seed)); // the refused one left nothing
    policy.store.remove_grant(first);
    CHECK_FALSE(policy.store.grant(first));
    CHECK_FALSE(policy.store.grant_of("anna", "sshd"));
    CHECK(policy.store.add_grant(grant(policy.anna, policy.sshd, 2)) == GrantId{2}); // ids are not used again
    CHECK(error_of([&] { policy.store.add_grant(grant(UserId{9}, policy.sshd, 3)); }) ==
          "there is no user number 9 any more");
    CHECK(error_of([&] { policy.store.remove_grant(first); }) == "there is no grant number 1 any more");
}

TEST_CASE("a seed or an image that was ever enrolled is refused, also after removal and renewal") {
    Policy policy;
    const Enrolment first = enrolment(1);
    const GrantId id = policy.store.add_grant(grant(policy.anna, policy.sshd, 1));
    policy.store.renew_grant(id, enrolment(2), chain_id(enrolment(2)));
    CHECK(policy.store.grant(id)->grant.enrolment.seed == enrolment(2).seed);
    CHECK(policy.store.grant(id)->grant.chain == chain_id(enrolment(2)));
    policy.store.remove_user(policy.anna);
    const UserId anna = policy.store.add_user("anna");
    for (const std::uint64_t which : {1U, 2U}) {
        const Enrolment old = enrolment(which);
        CHECK(policy.store.seed_seen(old.seed));
        CHECK(policy.store.image_seen(old.algorithm, old.image));
        CHECK_FALSE(policy.store.image_seen(Algorithm::sha1, old.image));
        Grant again = grant(anna, policy.sshd, which);
        CHECK(error_of([&] { policy.store.add_grant(again); }).find("the seed " + old.seed) == 0);
        again.enrolment.seed = "another";
        again.chain = chain_id(again.enrolment);
        CHECK(error_of([&] { policy.store.add_grant(again); }).find("this chain was enrolled") == 0);
    }
    CHECK_FALSE(policy.store.seed_seen("another"));
    const GrantId fresh = policy.store.add_grant(grant(anna, policy.sshd, 3));
    CHECK(error_of([&] { policy.store.renew_grant(fresh, first, chain_id(first)); }).find("the seed ") == 0);
    CHECK(policy.store.grant(fresh)->grant.enrolment.seed == enrolment(3).seed);
}

TEST_CASE("a removed user or command takes its grants along and no others") {
    Policy policy;
    const UserId berta = policy.store.add_user("berta");
    const CommandId web = policy.store.add_command(command("web"));
    policy.store.add_grant(grant(policy.anna, policy.sshd, 1));
    policy.store.add_grant(grant(policy.anna, web, 2));
    policy.store.add_grant(grant(berta, policy.sshd, 3));
    policy.store.add_grant(grant(berta, web, 4));
    CHECK(policy.store.grants_of_user("anna").size() == 2);
    CHECK(policy.store.grants_of_user("anna")[1].command.name == "web");
    CHECK(policy.store.grants_of_user("nobody").empty());

    std::vector<std::string> seen;
    const auto collect = [&](const GrantDetails& d) { seen.push_back(d.user.name + "/" + d.command.name); };
    policy.store.each_grant(collect);
    CHECK(seen == std::vector<std::string>{"anna/sshd", "anna/web", "berta/sshd", "berta/web"});
    policy.store.remove_user(policy.anna);
    policy.store.remove_command(web);
    seen.clear();
    policy.store.each_grant(collect);
    CHECK(seen == std::vector<std::string>{"berta/sshd"});
}

TEST_CASE("every change leaves one row that says who, when, what, before and after") {
    Policy policy;
    const GrantId id = policy.store.add_grant(grant(policy.anna, policy.sshd, 1));
    policy.clock->set(at_second(700));
    {
        PolicyStore other = PolicyStore::open_for_change(policy.file, "berta", policy.clock);
        other.set_user_enabled(policy.anna, false);
        other.set_command_enabled(policy.sshd, false);
        other.set_grant_enabled(id, false);
        other.set_grant_rules(id, {.carriers = Carriers{0b0100},
                                   .hours = {*parse_hours("mon 8:00-9:00")},
                                   .time_zone = "Asia/Tokyo",
                                   .per_hour = 3,
                                   .per_day = 4});
        other.renew_grant(id, enrolment(2), chain_id(enrolment(2)));
        other.remove_user(policy.anna);
        other.remove_command(policy.sshd);
    }
    std::vector<Change> changes = policy.store.changes(100);
    std::reverse(changes.begin(), changes.end());
    std::vector<std::string> lines;
    for (const Change& change : changes) {
        lines.push_back(change.who + " " + change.what + " " + change.object);
        CHECK(change.id == static_cast<std::int64_t>(lines.size()));
        CHECK(change.at == at_second(change.who == "root" ? 500 : 700));
    }
    CHECK(lines == std::vector<std::string>{"root init ", "root user add anna", "root command add sshd",
                                            "root grant add anna/sshd", "berta user disable anna",
                                            "berta command disable sshd", "berta grant disable anna/sshd",
                                            "berta grant set anna/sshd", "berta grant renew anna/sshd",
                                            "berta grant remove anna/sshd", "berta user remove anna",
                                            "berta command remove sshd"});
    using nlohmann::json;
    CHECK(changes[1].before.empty());
    CHECK(json::parse(changes[1].after) == json{{"name", "anna"}, {"enabled", true}});
    CHECK(json::parse(changes[4].before)["enabled"] == true);
    CHECK(json::parse(changes[4].after)["enabled"] == false);
    CHECK(json::parse(changes[7].before)["carriers"] == "udp,icmp,dns");
    CHECK(json::parse(changes[7].before)["hours"] == json::array());
    const json rules = json::parse(changes[7].after);
    CHECK(rules["carriers"] == "icmp");
    CHECK(rules["hours"] == json{"mon 08:00-09:00"});
    CHECK(rules["time_zone"] == "Asia/Tokyo");
    CHECK(rules["per_hour"] == 3);
    CHECK(rules["per_day"] == 4);
    CHECK(json::parse(changes[8].before)["seed"] == enrolment(1).seed);
    CHECK(json::parse(changes[8].after)["seed"] == enrolment(2).seed);
    CHECK(json::parse(changes[11].before)["argv"][0] == "/usr/bin/touch");
    CHECK(changes[11].after.empty());
    CHECK(policy.store.changes(2).size() == 2);
    CHECK(policy.store.changes(2)[0].what == "command remove");
}

TEST_CASE("a change that fails leaves no row") {
    Policy policy;
    const std::size_t before = policy.store.changes(100).size();
    CHECK_FALSE(error_of([&] { policy.store.add_user("anna"); }).empty());
    CHECK_FALSE(error_of([&] { policy.store.add_user("No Name"); }).empty());
    CHECK(policy.store.changes(100).size() == before);
    CHECK(policy.store.users().size() == 1);
}
