// Opening, creating, migrating, and what the errors say.

#include "store/database.h"

#include "tests/store/support.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>

using namespace otk;
using namespace otk::test;

namespace {

constexpr std::array<Migration, 3> migrations{
    {{1, "CREATE TABLE a (x INTEGER NOT NULL) STRICT; INSERT INTO a VALUES (1);"},
     {2, "CREATE TABLE b (y INTEGER NOT NULL) STRICT; INSERT INTO b SELECT x + 1 FROM a;"},
     {3, "INSERT INTO b SELECT y + 1 FROM b;"}}};

// The kind as an otk of that age knew it.
DatabaseKind kind(std::size_t version, std::int32_t id = 77) {
    return {.name = "test database",
            .application_id = id,
            .migrations = std::span(migrations).first(version),
            .help_if_missing = "make it"};
}

void nothing(SQLite::Database&) {}

std::int64_t number(const Database& database, const char* sql) {
    return database.sqlite().execAndGet(sql).getInt64();
}

} // namespace

TEST_CASE("an older database is brought up to date step by step, and keeps what it holds") {
    for (const std::size_t old : {1U, 2U, 3U}) {
        const Folder folder;
        Database::create(folder / "x.db", kind(old), nothing);
        const Database database = Database::open(folder / "x.db", kind(3), Access::writing);
        CHECK(number(database, "PRAGMA user_version") == 3);
        CHECK(number(database, "SELECT group_concat(y, '') FROM b") == 23);
        CHECK(number(database, "PRAGMA foreign_keys") == 1);
        CHECK(number(Database::open(folder / "x.db", kind(3), Access::reading), "SELECT count(*) FROM b") ==
              2);
    }
}

TEST_CASE("for a look an older database is read as if it were up to date, and stays as it is; a newer one is "
          "refused") {
    for (const std::size_t old : {1U, 2U, 3U}) {
        const Folder folder;
        Database::create(folder / "x.db", kind(old), nothing);
        CHECK(number(Database::open_for_a_look(folder / "x.db", kind(3)),
                     "SELECT group_concat(y, '') FROM b") == 23);
        CHECK(number(Database::open(folder / "x.db", kind(old), Access::reading), "PRAGMA user_version") ==
              static_cast<std::int64_t>(old));
    }
    const Folder folder;
    CHECK(error_of([&] { (void)Database::open_for_a_look(folder / "x.db", kind(3)); }).find("make it") !=
          std::string::npos);
    Database::create(folder / "x.db", kind(3), nothing);
    CHECK(error_of([&] { (void)Database::open_for_a_look(folder / "x.db", kind(2)); }).find("newer otk") !=
          std::string::npos);
    CHECK(error_of([&] {
              (void)Database::open_for_a_look(folder / "x.db", kind(3, 78));
          }).find("is not a test database") != std::string::npos);
}

TEST_CASE("a migration that fails changes nothing") {
    const Folder folder;
    Database::create(folder / "x.db", kind(1), nothing);
    const std::array<Migration, 3> broken{
        {migrations[0], migrations[1], {3, "INSERT INTO b VALUES ('no number');"}}};
    DatabaseKind newer = kind(3);
    newer.migrations = broken;
    CHECK(error_of([&] { Database::open(folder / "x.db", newer, Access::writing); }).find("x.db") !=
          std::string::npos);
    const Database database = Database::open(folder / "x.db", kind(1), Access::reading);
    CHECK(number(database, "PRAGMA user_version") == 1);
    CHECK(number(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'") == 0);
}

TEST_CASE("a migration that breaks a reference changes nothing") {
    const std::array<Migration, 2> steps{{{1, "CREATE TABLE p (id INTEGER PRIMARY KEY) STRICT; CREATE TABLE "
                                              "c (p INTEGER REFERENCES p (id)) STRICT;"
                                              "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1);"},
                                          {2, "DELETE FROM p;"}}};
    const Folder folder;
    DatabaseKind old = kind(1);
    old.migrations = std::span(steps).first(1);
    Database::create(folder / "x.db", old, nothing);
    DatabaseKind newer = kind(1);
    newer.migrations = steps;
    CHECK(error_of([&] { Database::open(folder / "x.db", newer, Access::writing); }).find("references") !=
          std::string::npos);
    CHECK(number(Database::open(folder / "x.db", old, Access::reading), "SELECT count(*) FROM p") == 1);
}

TEST_CASE("a database of a newer otk is refused by readers and writers and stays as it is") {
    const Folder folder;
    Database::create(folder / "x.db", kind(3), nothing);
    for (const Access access : {Access::reading, Access::writing}) {
        const std::string error = error_of([&] { Database::open(folder / "x.db", kind(2), access); });
        CHECK(error.find("written by a newer otk (version 3 of the test database, this program knows 2)") !=
              std::string::npos);
    }
    CHECK(number(Database::open(folder / "x.db", kind(3), Access::reading), "SELECT count(*) FROM b") == 2);
}

TEST_CASE("a reader does not migrate: it says that the database is older") {
    const Folder folder;
    Database::create(folder / "x.db", kind(1), nothing);
    const std::string error = error_of([&] { Database::open(folder / "x.db", kind(2), Access::reading); });
    CHECK(error.find("older version") != std::string::npos);
}

TEST_CASE("another kind of file is not taken for a database of this kind") {
    const Folder folder;
    Database::create(folder / "x.db", kind(1, 78), nothing);
    std::ofstream(folder / "text").write("this is no database, but some text that is long enough\n", 55);
    std::ofstream(folder / "empty").flush();
    for (const Access access : {Access::reading, Access::writing}) {
        CHECK(error_of([&] {
                  Database::open(folder / "x.db", kind(1), access);
              }).find("x.db is not a test database of otk") != std::string::npos);
        CHECK(error_of([&] { Database::open(folder / "text", kind(1), access); }).find("no database") !=
              std::string::npos);
        CHECK(error_of([&] {
                  Database::open(folder / "empty", kind(1), access);
              }).find("is not a test database") != std::string::npos);
        CHECK(error_of([&] { Database::open(folder / "none", kind(1), access); }).find("none: make it") !=
              std::string::npos);
    }
    CHECK_FALSE(std::filesystem::exists(folder / "none"));
}

TEST_CASE("a creation that fails leaves nothing") {
    const Folder folder;
    const std::string error = error_of([&] {
        Database::create(folder / "x.db", kind(1), [](SQLite::Database& sqlite) { sqlite.exec("no sql"); });
    });
    CHECK(error.find("x.db") != std::string::npos);
    CHECK(std::filesystem::is_empty(folder.path()));
    CHECK(error_of([&] { Database::create(folder / "no" / "x.db", kind(1), nothing); }).find("x.db") !=
          std::string::npos);
}

TEST_CASE("what is left of another database under that name is neither taken over nor lost") {
    for (const char* suffix : {"-wal", "-journal"}) {
        const Folder folder;
        const std::filesystem::path left = (folder / "x.db").native() + suffix;
        std::ofstream(left).write("pages", 5);
        const std::string error = error_of([&] { Database::create(folder / "x.db", kind(1), nothing); });
        CHECK(error.find(left.native() + " is there without") == 0);
        CHECK_FALSE(std::filesystem::exists(folder / "x.db"));
        CHECK(std::filesystem::file_size(left) == 5);
    }
}

TEST_CASE("a database that is removed leaves nothing for the next one of its name") {
    const Folder folder;
    {
        const Database other = [&] {
            Database::create(folder / "other.db", kind(1), nothing);
            return Database::open(folder / "other.db", kind(1), Access::writing);
        }();
        other.sqlite().exec("INSERT INTO a VALUES (7)"); // stands in the log until it is closed
        for (const char* suffix : {"", "-wal", "-shm"}) {
            std::filesystem::copy_file((folder / "other.db").native() + suffix,
                                       (folder / "x.db").native() + suffix);
        }
    }
    Database::remove(folder / "x.db");
    Database::create(folder / "x.db", kind(1), nothing);
    const Database database = Database::open(folder / "x.db", kind(1), Access::writing);
    CHECK(number(database, "SELECT count(*) FROM a") == 1);
}

TEST_CASE("an error of SQLite names the file and what was being done") {
    const Folder folder;
    Database::create(folder / "x.db", kind(1), nothing);
    const Database database = Database::open(folder / "x.db", kind(1), Access::writing);
    const std::string refused = error_of([&] {
        database.doing("count sheep", [&] { database.sqlite().exec("INSERT INTO a VALUES ('x')"); });
    });
    CHECK(refused.find("cannot count sheep: " + (folder / "x.db").native() + ": the database refuses it") ==
          0);
    const Database reading = Database::open(folder / "x.db", kind(1), Access::reading);
    const std::string readonly =
        error_of([&] { reading.doing("write", [&] { reading.sqlite().exec("INSERT INTO a VALUES (1)"); }); });
    CHECK(readonly.find("run the program as the user that owns it") != std::string::npos);
}

TEST_CASE("a full database says that the disk is full") {
    const Folder folder;
    Database::create(folder / "x.db", kind(1), nothing);
    const Database database = Database::open(folder / "x.db", kind(1), Access::writing);
    (void)number(database, "PRAGMA max_page_count = 1"); // as many as there are
    const std::string error = error_of([&] {
        database.doing("write",
                       [&] { database.sqlite().exec("CREATE TABLE big AS SELECT randomblob(100000) AS x"); });
    });
    CHECK(error.find("the disk is full") != std::string::npos);
}

TEST_CASE("a lock of another process is named") {
    const Folder folder;
    Database::create(folder / "x.db", kind(1), nothing);
    const Database database = Database::open(folder / "x.db", kind(1), Access::writing);
    int ready[2];
    int leave[2];
    REQUIRE(::pipe(ready) == 0);
    REQUIRE(::pipe(leave) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(leave[1]);
        SQLite::Database holder((folder / "x.db").native(), SQLite::OPEN_READWRITE);
        holder.exec("BEGIN IMMEDIATE");
        char byte = 0;
        (void)!::write(ready[1], &byte, 1);
        (void)!::read(leave[0], &byte, 1); // until the parent closes its end
        ::_exit(0);
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    database.sqlite().setBusyTimeout(1);
    const std::string error =
        error_of([&] { database.doing("write", [&] { database.sqlite().exec("BEGIN IMMEDIATE"); }); });
    ::close(leave[1]);
    for (const int fd : {ready[0], ready[1], leave[0]})
        ::close(fd);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    CHECK(error.find(fmt::format("process {} keeps it locked", child)) != std::string::npos);
    CHECK(error_of([&] { database.doing("write", [&] { database.sqlite().exec("BEGIN IMMEDIATE"); }); }) ==
          "");
}
