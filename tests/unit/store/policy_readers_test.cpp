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

namespace {

std::vector<std::string> names_seen(const std::filesystem::path& file, std::string_view begin,
                                    std::size_t most) {
    std::vector<std::string> names;
    for (const User& user : PolicyStore::open_for_glance(file).users_beginning(begin, most))
        names.push_back(user.name);
    return names;
}

std::size_t files_in(const Folder& folder) {
    const std::filesystem::directory_iterator all(folder.path());
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

} // namespace

TEST_CASE("a glance makes no file, and sees what others have committed") {
    using Names = std::vector<std::string>;
    const Folder folder;
    const auto file = folder / "100%?.db"; // nothing that SQLite could take for a part of its own
    {
        PolicyStore store = PolicyStore::create(file, server_id, ledger_id);
        for (const char* const name : {"anna", "berta", "anton", "zoe"})
            store.add_user(name);
        CHECK(names_seen(file, "", 9) == Names{"anna", "anton", "berta", "zoe"});
    }
    REQUIRE(files_in(folder) == 1);
    CHECK(names_seen(file, "", 9) == Names{"anna", "anton", "berta", "zoe"});
    CHECK(names_seen(file, "an", 9) == Names{"anna", "anton"});
    CHECK(names_seen(file, "z", 9) == Names{"zoe"});
    CHECK(names_seen(file, "x", 9).empty());
    CHECK(names_seen(file, "", 2) == Names{"anna", "anton"});
    CHECK(files_in(folder) == 1);
}

TEST_CASE("a glance waits for nobody") {
    ReadPolicy policy;
    SQLite::Database other(policy.file.native(), SQLite::OPEN_READWRITE);
    other.exec("BEGIN IMMEDIATE");
    other.exec("INSERT INTO user (name, enabled) VALUES ('carla', 1)");
    CHECK(names_seen(policy.file, "", 9) == std::vector<std::string>{"anna"});
    other.exec("ROLLBACK");
}

TEST_CASE("a glance is not for files of others, nor for what is no file") {
    const Folder folder;
    CHECK_FALSE(error_of([&] { PolicyStore::open_for_glance(folder / "policy.db"); }).empty());
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0); // opening it would wait
    CHECK(error_of([&] { PolicyStore::open_for_glance(folder / "pipe"); }).find("or no file") !=
          std::string::npos);
    if (::geteuid() != 0) {
        MESSAGE("SKIPPED without root, who can give a file away");
        return;
    }
    { const PolicyStore made = PolicyStore::create(folder / "policy.db", server_id, ledger_id); }
    REQUIRE(::chown((folder / "policy.db").c_str(), 65534, 65534) == 0);
    CHECK(error_of([&] { PolicyStore::open_for_glance(folder / "policy.db"); }).find("not yours") !=
          std::string::npos);
}
