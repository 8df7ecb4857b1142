// Those who read policy.db while others change it.

#include "store/policy_store.h"

#include "tests/store/support.h"

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

using namespace otk;
using namespace otk::test;

namespace {

struct ReadPolicy {
    Folder folder;
    std::filesystem::path file = folder / "policy.db";
    PolicyStore store = PolicyStore::create(file, server_id, ledger_id);
    UserId anna = store.add_user("anna");
    CommandId sshd = store.add_command(command("sshd"));
};

} // namespace

TEST_CASE("the version changes when another connection has committed, and not otherwise") {
    ReadPolicy policy;
    const PolicyStore reader = PolicyStore::open_for_reading(policy.file);
    const std::int64_t first = reader.version();
    CHECK(reader.version() == first);
    CHECK(reader.users().size() == 1);
    CHECK(reader.version() == first);
    policy.store.add_user("berta");
    const std::int64_t second = reader.version();
    CHECK(second != first);
    CHECK(reader.users().size() == 2);
    CHECK(reader.version() == second);
    CHECK_FALSE(error_of([&] { policy.store.add_user("berta"); }).empty());
    CHECK(reader.version() == second);
}

TEST_CASE("a grant comes with its command as it is now, for who reads and for who changes") {
    ReadPolicy policy;
    const GrantId id = policy.store.add_grant(grant(policy.anna, policy.sshd, 1));
    const PolicyStore reader = PolicyStore::open_for_reading(policy.file);
    for (const bool enabled : {true, false, true}) {
        policy.store.set_command_enabled(policy.sshd, enabled);
        CHECK(policy.store.grant(id)->command.enabled == enabled);
        CHECK(reader.grant(id)->command.enabled == enabled);
        CHECK(reader.grant(id)->command.name == "sshd");
    }
}

TEST_CASE("a reader that is in the middle of its grants neither blocks a change nor sees half of it") {
    ReadPolicy policy;
    policy.store.add_grant(grant(policy.anna, policy.sshd, 1));
    const UserId berta = policy.store.add_user("berta");
    policy.store.add_grant(grant(berta, policy.sshd, 2));
    const PolicyStore reader = PolicyStore::open_for_reading(policy.file);
    int visited = 0;
    reader.each_grant([&](const GrantDetails&) {
        if (visited++ == 0) policy.store.remove_user(berta);
    });
    CHECK(visited == 2);
    visited = 0;
    reader.each_grant([&](const GrantDetails&) { ++visited; });
    CHECK(visited == 1);
}

TEST_CASE("a database that this user may not read says so") {
    if (::geteuid() == 0) {
        MESSAGE("SKIPPED as root, who may read everything");
        return;
    }
    const Folder folder;
    { const PolicyStore made = PolicyStore::create(folder / "policy.db", server_id, ledger_id); }
    REQUIRE(::chmod((folder / "policy.db").c_str(), 0) == 0);
    const std::string error = error_of([&] { PolicyStore::open_for_reading(folder / "policy.db"); });
    CHECK(error.find("Permission denied; check owner and mode") != std::string::npos);
}
