// The monitor keeps guard.json true.
#include "knockd/monitor/guard_file.h"

#include "sys/file.h"
#include "tests/unit/sys/helpers.h"

#include <doctest/doctest.h>

namespace otk::test {

namespace {

const Service ssh_port{Protocol::tcp, 22};
const Service web_port{Protocol::tcp, 443};

struct GuardScene {
    TemporaryDirectory directory;
    std::filesystem::path file = directory.path() / "guard.json";
    std::filesystem::path database = directory.path() / "policy.db";
    PolicyStore admin = PolicyStore::create(database, {}, {1});
    PolicyStore policy = PolicyStore::open_for_reading(database);
    ManualClock clock{Time{std::chrono::hours{1000}}};
    Config config;

    GuardScene() { config.alerts.command = {"/bin/tell"}; }

    CommandId add_command(const std::string& name, const Service& service) {
        Command command;
        command.name = name;
        command.kind = CommandKind::open;
        command.service = service;
        command.hold = std::chrono::seconds{60};
        return admin.add_command(command);
    }
    [[nodiscard]] GuardRecord written() const {
        return parse_guard_record(*read_file(file, largest_guard_record));
    }
    // As `knockmgr guard off` does it.
    void forget() { replace_file(file, format_guard_record({written().config, {}}), 0600, true); }
    // An earlier life's guard over ports that this policy.db does not know.
    void leave(std::set<Service> services, std::int64_t change) const {
        GuardRecord record;
        record.policy = {{true, std::nullopt}, {std::move(services)}, change};
        replace_file(file, format_guard_record(record), 0600, true);
    }
};

} // namespace

TEST_CASE("a configuration that is accepted is in the file at once, and what policy.db says with it") {
    GuardScene scene;
    scene.add_command("ssh", ssh_port);
    scene.admin.set_guard({true, std::nullopt});
    GuardFile guard_file(scene.file, scene.policy, scene.clock);
    CHECK_FALSE(guard_file.stood());
    scene.config.firewall.always_allow = {*Network::parse("192.0.2.0/24")};
    guard_file.configure(scene.config);
    CHECK(scene.written().config ==
          GuardRecord::OfConfig{"guard", {*Network::parse("192.0.2.0/24")}, {"/bin/tell"}, "nobody"});
    CHECK(scene.written().policy ==
          GuardRecord::OfPolicy{{true, std::nullopt}, {{ssh_port}}, scene.admin.newest_change()});
    scene.config.firewall.mode = FirewallMode::sets;
    scene.config.alerts.on = {"replay"};
    guard_file.configure(scene.config);
    CHECK(scene.written().config.mode == "sets");
    CHECK(scene.written().config.alert.empty());
}

TEST_CASE("what an administrator changes of the guard is noted, and other changes write nothing") {
    GuardScene scene;
    GuardFile guard_file(scene.file, scene.policy, scene.clock);
    guard_file.configure(scene.config);
    scene.add_command("ssh", ssh_port);
    guard_file.look();
    CHECK(scene.written().policy.ports.services == std::set<Service>{ssh_port});
    scene.admin.set_guard({true, scene.clock.now() + std::chrono::minutes{5}});
    guard_file.look();
    CHECK(scene.written().policy.decision == scene.admin.guard());
    const std::int64_t change = scene.written().policy.change;
    CHECK(change == scene.admin.newest_change());
    scene.admin.add_user("anna");
    guard_file.look();
    CHECK(scene.written().policy.change == change);
}

TEST_CASE("a file that cannot be written is written as soon as that is possible") {
    GuardScene scene;
    const std::filesystem::path folder = scene.directory.path() / "monitor";
    GuardFile guard_file(folder / "guard.json", scene.policy, scene.clock);
    guard_file.configure(scene.config);
    guard_file.look();
    std::filesystem::create_directory(folder);
    guard_file.look();
    CHECK(std::filesystem::exists(folder / "guard.json"));
}

TEST_CASE("a guard stood when an earlier life ended with one that is in force") {
    GuardScene scene;
    scene.leave({ssh_port}, 0);
    CHECK(GuardFile(scene.file, scene.policy, scene.clock).stood());
    scene.leave({}, 0);
    CHECK_FALSE(GuardFile(scene.file, scene.policy, scene.clock).stood());
    publish_file(scene.file, "nonsense", {0600});
    CHECK_FALSE(GuardFile(scene.file, scene.policy, scene.clock).stood());
}

TEST_CASE("where policy.db is older the guard is held, until the file is replaced and somebody has decided") {
    GuardScene scene;
    scene.leave({ssh_port, web_port}, scene.admin.newest_change() + 100);
    GuardFile guard_file(scene.file, scene.policy, scene.clock);
    REQUIRE(guard_file.held() != nullptr);
    CHECK(guard_file.held()->ports.services == std::set<Service>{ssh_port, web_port});
    guard_file.configure(scene.config);
    CHECK(scene.written().policy == *guard_file.held());
    CHECK(scene.written().config.alert == scene.config.alerts.command);
    scene.add_command("ssh", ssh_port);
    scene.admin.set_guard({true, std::nullopt});
    guard_file.look();
    CHECK(guard_file.held() != nullptr);
    scene.forget();
    scene.admin.set_guard({});
    guard_file.look();
    CHECK(guard_file.held() == nullptr);
    CHECK(scene.written().policy == GuardRecord::OfPolicy{{}, {{ssh_port}}, scene.admin.newest_change()});
}

TEST_CASE("what is put back where policy.db is older does not let go of the guard, however much it is") {
    GuardScene scene;
    scene.leave({ssh_port, web_port}, scene.admin.newest_change() + 2);
    GuardFile guard_file(scene.file, scene.policy, scene.clock);
    guard_file.configure(scene.config);
    REQUIRE(guard_file.held() != nullptr);
    for (const char* name : {"anna", "bert", "carl", "dora"})
        scene.admin.add_user(name);
    guard_file.look();
    CHECK(guard_file.held() != nullptr);
    CHECK(GuardFile(scene.file, scene.policy, scene.clock).held() != nullptr);
}

} // namespace otk::test
