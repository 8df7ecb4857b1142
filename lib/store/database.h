// One open SQLite file, for this library only: opening and creating, migrations, and SQLite's errors in
// words.
#pragma once

#include "base/promise.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace otk {

// One step of a schema; applied where user_version is below its number.
struct Migration {
    int version = 0;
    std::string_view sql;
};
// From schema/policy and schema/ledger, embedded at build.
[[nodiscard]] std::span<const Migration> policy_migrations();
[[nodiscard]] std::span<const Migration> ledger_migrations();

struct DatabaseKind {
    std::string_view name;           // for messages: "policy database"
    std::int32_t application_id = 0; // in the file's header: no other file is taken for it
    int page_size = 4096;            // bytes, of a new file
    std::span<const Migration> migrations;
    std::string_view help_if_missing; // what to do where there is no such file
};

enum class Access { reading, writing };

class Database {
  public:
    // Makes a new file with mode 0640, whatever the umask. It is built under another name and gets its own
    // when it is complete, so a crash leaves no half-made database. `fill` writes the first rows, in the
    // transaction of the schema. Throws Error, also when `file` exists, or a log of one that had its name.
    static void create(const std::filesystem::path& file, const DatabaseKind& kind,
                       const std::function<void(SQLite::Database&)>& fill);
    // Error when there is a log of a database of this name that is not there itself: SQLite would put its
    // pages into the next one of that name.
    static void check_nothing_left(const std::filesystem::path& file);
    // Removes one that nobody has open, with all that SQLite keeps beside it; what cannot be removed stays.
    static void remove(const std::filesystem::path& file);
    // Opens an existing file. For writing: migrates it to the newest version. For reading: it must be of
    // exactly that version. Throws Error, also when it is of another kind or made by a later otk.
    static Database open(const std::filesystem::path& file, const DatabaseKind& kind, Access access);
    // For reading, also where the file system is read-only and has no -wal and -shm files of it, as early in
    // a boot. One of an older version is copied into memory, and migrated there. Not to be kept: what others
    // commit later may never be seen.
    static Database open_for_a_look(const std::filesystem::path& file, const DatabaseKind& kind);
    // For a look that must not disturb: makes no file beside it, waits for no lock, and misses changes that
    // are only in a log which nobody has open. Throws Error as open() does, and for a file that belongs to
    // somebody else than this user and root, or that is no regular one.
    static Database glance(const std::filesystem::path& file, const DatabaseKind& kind);
    // Would opening it for writing migrate it? Only reads. Throws Error as open() does.
    static bool is_older(const std::filesystem::path& file, const DatabaseKind& kind);
    // A copy in memory, migrated; `file` is only read.
    static Database copy(const std::filesystem::path& file, const DatabaseKind& kind);

    [[nodiscard]] SQLite::Database& sqlite() const { return *sqlite_; }
    [[nodiscard]] const std::filesystem::path& file() const { return file_; }

    // Does the work; what SQLite throws becomes an Error "cannot WHAT: FILE: why; what to do".
    template <typename Work>
    decltype(auto) doing(std::string_view what, Work&& work) const {
        try {
            return work();
        } catch (const SQLite::Exception& trouble) {
            throw translated(file_, what, trouble);
        }
    }

    // For content that no version of otk wrote: "cannot read FILE: WHAT; put a backup back".
    [[nodiscard]] Error damaged(std::string_view what) const;

  private:
    Database(std::filesystem::path file, std::unique_ptr<SQLite::Database> sqlite) :
        file_(std::move(file)), sqlite_(std::move(sqlite)) {}
    [[nodiscard]] Database copied(const DatabaseKind& kind) const;        // see copy
    static Database checked(Database database, const DatabaseKind& kind); // to be read: kind and version
    static Error translated(const std::filesystem::path& file, std::string_view doing,
                            const SQLite::Exception& trouble);
    friend class DatabaseMaker;

    std::filesystem::path file_;
    std::unique_ptr<SQLite::Database> sqlite_;
};

// A statement that is kept, in use until this ends: what it has found must be let go then, because an open
// answer is a view of the database that the log could not be emptied under.
class Asking {
  public:
    // Ready for new parameters. Statement::reset() would throw the error of the last step once more.
    explicit Asking(SQLite::Statement& statement) : statement_(statement) { (void)statement.tryReset(); }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
    ~Asking() { (void)statement_.tryReset(); }
    [[nodiscard]] SQLite::Statement& operator*() const { return statement_; }
    [[nodiscard]] SQLite::Statement* operator->() const { return &statement_; }

  private:
    SQLite::Statement& statement_;
};

} // namespace otk
