// Chains that are retired stay retired; what is enrolled later counts.
#include "store/policy_store.h"

#include "tests/store/support.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

namespace {

// anna may trigger sshd and web.
struct RetiringPolicy {
    Folder folder;
    std::filesystem::path file = folder / "policy.db";
    PolicyStore store = PolicyStore::create(file, server_id, ledger_id, "root");
    UserId anna = store.add_user("anna");
    GrantId sshd = store.add_grant(grant(anna, store.add_command(command("sshd")), 1));
    GrantId web = store.add_grant(grant(anna, store.add_command(command("web")), 2));

    [[nodiscard]] bool retired(GrantId id) const { return store.grant(id)->grant.retired; }
};

} // namespace

TEST_CASE("retired are all chains enrolled until now, by every way of asking, and nothing else changes") {
    RetiringPolicy policy;
    CHECK_FALSE(policy.retired(policy.sshd));
    policy.store.set_grant_enabled(policy.web, false);
    policy.store.retire_all_chains();
    CHECK(policy.retired(policy.sshd));
    CHECK(policy.retired(policy.web));
    CHECK(policy.store.grant(policy.sshd)->grant.enabled);
    CHECK_FALSE(policy.store.grant(policy.web)->grant.enabled);
    CHECK(policy.store.grant_of("anna", "sshd")->grant.retired);
    std::size_t seen = 0;
    policy.store.each_grant([&](const GrantDetails& details) { seen += details.grant.retired ? 1 : 0; });
    CHECK(seen == 2);
    for (const GrantDetails& details : policy.store.grants_of_user("anna"))
        CHECK(details.grant.retired);
    // It is in the file, for every other process.
    CHECK(PolicyStore::open_for_reading(policy.file).grant(policy.sshd)->grant.retired);
}

TEST_CASE("a renewed grant and a new one count again, until chains are retired once more") {
    RetiringPolicy policy;
    policy.store.retire_all_chains();
    const Enrolment fresh = enrolment(3);
    policy.store.renew_grant(policy.sshd, fresh, chain_id(fresh));
    CHECK_FALSE(policy.retired(policy.sshd));
    CHECK(policy.retired(policy.web));
    const GrantId added =
        policy.store.add_grant(grant(policy.anna, policy.store.add_command(command("mail")), 4));
    CHECK_FALSE(policy.retired(added));
    policy.store.retire_all_chains();
    CHECK(policy.retired(policy.sshd));
    CHECK(policy.retired(policy.web));
    CHECK(policy.retired(added));
}

TEST_CASE("a chain of a removed grant does not save the others from being retired, nor does the last one") {
    RetiringPolicy policy;
    policy.store.remove_grant(policy.web); // its enrolment, the newest, stays
    policy.store.retire_all_chains();
    CHECK(policy.retired(policy.sshd));
}

TEST_CASE("to retire is recorded as a restore, by whom, each time; without chains it is allowed too") {
    const Folder folder;
    const auto file = folder / "policy.db";
    const auto clock = std::make_shared<ManualClock>(at_second(500));
    PolicyStore store = PolicyStore::create(file, server_id, ledger_id, "root", clock);
    store.retire_all_chains();
    const UserId anna = store.add_user("anna");
    const GrantId id = store.add_grant(grant(anna, store.add_command(command("sshd")), 1));
    CHECK_FALSE(store.grant(id)->grant.retired);
    clock->set(at_second(900));
    store.retire_all_chains();
    const Change newest = store.changes(1).front();
    CHECK(newest.what == "restore");
    CHECK(newest.who == "root");
    CHECK(newest.object == "");
    CHECK(newest.at == at_second(900));
    CHECK(newest.before == R"({"oldest_enrolment":1})");
    CHECK(newest.after == R"({"oldest_enrolment":2})");
    store.retire_all_chains();
    CHECK(store.changes(1).front().id == newest.id + 1);
    CHECK(store.changes(1).front().before == newest.after);
}

TEST_CASE("no program brings a retired chain back by lowering the number") {
    RetiringPolicy policy;
    policy.store.retire_all_chains();
    const std::string error = raw_error(policy.file, "UPDATE meta SET oldest_enrolment = 1");
    CHECK(error.find("never comes back") != std::string::npos);
    CHECK(raw_error(policy.file, "UPDATE meta SET oldest_enrolment = 3") == ""); // as it is
    CHECK(policy.retired(policy.web));
}
