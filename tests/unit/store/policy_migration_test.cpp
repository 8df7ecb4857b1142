// What an upgrade makes of a policy.db that an earlier otk has written.

#include "store/database.h"
#include "tests/unit/store/policy_statements.h"

#include <doctest/doctest.h>

#include <sys/stat.h>

using namespace otk;
using namespace otk::test;

namespace {

// As version 1 left it: a command of kind exec (1), a door (2), and a grant that is gone.
struct FirstVersion {
    Folder folder;
    std::filesystem::path file = folder / "policy.db";

    FirstVersion() {
        const DatabaseKind first{.name = "policy database",
                                 .application_id = 0x6f746b50,
                                 .migrations = policy_migrations().first(1),
                                 .help_if_missing = ""};
        Database::create(file, first, [](SQLite::Database& sqlite) {
            sqlite.exec("INSERT INTO meta (one, server, ledger) VALUES (1, zeroblob(16), zeroblob(16))");
            sqlite.exec(adding_command({{"name", "'run'"}}));
            sqlite.exec(adding_command(of_kind("open", {{"name", "'door'"}})));
            sqlite.exec("INSERT INTO removed_grant SELECT 7, 5, 1, 'anna', id, name, enabled, kind, argv, "
                        "undo, run_as, argument, time_limit, hold, service, prefix4, prefix6, target, closes "
                        "FROM command WHERE id = 1");
        });
    }
};

} // namespace

TEST_CASE("commands of version 1 keep what they start running, as they did; doors have nothing to keep") {
    const FirstVersion old;
    CHECK(PolicyStore::is_older(old.file));
    const PolicyStore store = PolicyStore::open_for_change(old.file, "root");
    CHECK_FALSE(PolicyStore::is_older(old.file));
    CHECK(store.command_named("run")->leave_running);
    CHECK_FALSE(store.command_named("door")->leave_running);
    const auto removed = store.removed_grant(GrantId{7});
    REQUIRE(removed);
    CHECK_FALSE(removed->command.leave_running);
}

TEST_CASE("a reader of version 1 says what to do, until somebody who may write has brought it up to date") {
    const FirstVersion old;
    CHECK(error_of([&] { PolicyStore::open_for_reading(old.file); }).find("older version") !=
          std::string::npos);
    PolicyStore::bring_up_to_date(old.file);
    const PolicyStore store = PolicyStore::open_for_reading(old.file);
    CHECK(store.commands().size() == 2);
    PolicyStore::bring_up_to_date(old.file); // also while others have it open: there is nothing to do
    CHECK(store.commands().size() == 2);
}

TEST_CASE("whether a command leaves something is changed, and who did it stands in the record") {
    const Folder folder;
    PolicyStore store = PolicyStore::create(folder / "policy.db", server_id, ledger_id, "berta");
    const CommandId id = store.add_command(command("run"));
    CHECK_FALSE(store.command_named("run")->leave_running);
    store.set_command_leaves(id, true);
    CHECK(store.command_named("run")->leave_running);
    const Change change = store.changes(1).front();
    CHECK(change.what == "command set");
    CHECK(change.who == "berta");
    CHECK(change.before.find("\"leave_running\":false") != std::string::npos);
    CHECK(change.after.find("\"leave_running\":true") != std::string::npos);
    store.set_command_leaves(id, false);
    CHECK_FALSE(store.command_named("run")->leave_running);
    CHECK(error_of([&] { store.set_command_leaves(CommandId{9}, true); }) != "");
}
