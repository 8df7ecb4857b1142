#include "store/database.h"

#include "base/fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <SQLiteCpp/Backup.h>
#include <sqlite3.h>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr mode_t database_mode = 0640;
constexpr int patience_ms = 5000; // how long a lock of another process is waited for

// SQLite's statistics of memory, which nobody here reads, take a lock and three counters for each piece. They
// can be turned off before the first database is opened.
void count_no_memory() {
    static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)done; // where another library of the program was first, they stay on
}

void configure(SQLite::Database& sqlite, int flags) {
    sqlite.setBusyTimeout(patience_ms);
    sqlite.exec("PRAGMA foreign_keys = ON");
    sqlite.exec("PRAGMA cell_size_check = ON");
    sqlite.exec("PRAGMA temp_store = MEMORY"); // a confined process has no folder for temporary files
    // A reader trusts the writer's rows only: what stands in the file's schema may call nothing with effects.
    // (A writer's must be trusted: SQLite 3.40 counts json_valid, which the checks of policy.db use, among
    // those.)
    if ((flags & SQLite::OPEN_READONLY) != 0) sqlite.exec("PRAGMA trusted_schema = OFF");
}

std::int64_t number_of(SQLite::Database& sqlite, const char* pragma) {
    return sqlite.execAndGet(pragma).getInt64();
}

void check_kind(const std::filesystem::path& file, const DatabaseKind& kind, SQLite::Database& sqlite) {
    if (number_of(sqlite, "PRAGMA application_id") == kind.application_id) return;
    throw Error(fmt::format("{} is not a {} of otk: name the right file, or put a backup of it back",
                            file.native(), kind.name));
}

void check_version(const std::filesystem::path& file, const DatabaseKind& kind, SQLite::Database& sqlite) {
    const std::int64_t version = number_of(sqlite, "PRAGMA user_version");
    const int ours = kind.migrations.back().version;
    if (version > ours) {
        throw Error(
            fmt::format("{} was written by a newer otk (version {} of the {}, this program knows {}): "
                        "install that otk, or put back the backup made before the upgrade",
                        file.native(), version, kind.name, ours));
    }
    if (version < ours) {
        throw Error(fmt::format(
            "{} is of an older version ({}, this program needs {}): open it once with the program "
            "that writes it, which brings it up to date",
            file.native(), version, ours));
    }
}

// Applies what is missing, inside the caller's transaction.
void apply_migrations(const std::filesystem::path& file, const DatabaseKind& kind, SQLite::Database& sqlite) {
    const std::int64_t version = number_of(sqlite, "PRAGMA user_version");
    for (const Migration& migration : kind.migrations) {
        if (migration.version > version) sqlite.exec(std::string(migration.sql));
    }
    sqlite.exec(fmt::format("PRAGMA user_version = {}", kind.migrations.back().version));
    if (SQLite::Statement(sqlite, "PRAGMA foreign_key_check").executeStep()) {
        throw Error(fmt::format("cannot bring {} up to date: the new schema breaks references between its "
                                "rows; nothing was changed, go back to the otk from before",
                                file.native()));
    }
}

// Brings an existing database to the newest version, whole or not at all.
void migrate(const std::filesystem::path& file, const DatabaseKind& kind, SQLite::Database& sqlite) {
    if (number_of(sqlite, "PRAGMA user_version") >= kind.migrations.back().version) {
        return check_version(file, kind, sqlite);
    }
    sqlite.exec("PRAGMA foreign_keys = OFF"); // a migration may rebuild a table; checked before the commit
    {
        // Another process may have migrated since: what is missing is determined under the lock.
        SQLite::Transaction transaction(sqlite, SQLite::TransactionBehavior::IMMEDIATE);
        if (number_of(sqlite, "PRAGMA user_version") < kind.migrations.back().version) {
            apply_migrations(file, kind, sqlite);
        }
        transaction.commit();
    }
    sqlite.exec("PRAGMA foreign_keys = ON");
    check_version(file, kind, sqlite);
}

// Puts a name into the folder durably, or says why not.
void sync_folder(const std::filesystem::path& file) {
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) throw system_error(fmt::format("cannot sync {}", folder.native()));
}

void make_empty_file(const std::filesystem::path& file) {
    const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, database_mode));
    if (!fd || ::fchmod(fd.get(), database_mode) != 0) {
        throw system_error(fmt::format("cannot make {}", file.native()));
    }
}

void check_there(const std::filesystem::path& file, const DatabaseKind& kind) {
    struct stat status {};
    if (::stat(file.c_str(), &status) == 0 || errno != ENOENT) return;
    throw Error(fmt::format("there is no {}: {}", file.native(), kind.help_if_missing));
}

// Nobody can write there, and nothing that was committed stands beside the file.
bool lies_whole_and_still(const std::filesystem::path& file) {
    struct statvfs system {};
    if (::statvfs(file.c_str(), &system) != 0 || (system.f_flag & ST_RDONLY) == 0) return false;
    struct stat log {};
    return ::stat((file.native() + "-wal").c_str(), &log) != 0 ? errno == ENOENT : log.st_size == 0;
}

// A name for SQLite that says: no locks, and no files beside it (sqlite.org/uri.html).
std::string immutable_name(const std::filesystem::path& file) {
    std::string name = "file:";
    for (const char c : file.native())
        name += c == '%' || c == '?' || c == '#' ? fmt::format("%{:02x}", static_cast<unsigned char>(c))
                                                 : std::string(1, c);
    return name + "?immutable=1";
}

} // namespace

// What creating and opening share.
class DatabaseMaker {
  public:
    static Database attach(const std::filesystem::path& file, int flags) {
        return attach(file, file.native(), flags);
    }
    static Database attach_immutable(const std::filesystem::path& file) {
        return attach(file, immutable_name(file), SQLite::OPEN_READONLY | SQLite::OPEN_URI);
    }

  private:
    static Database attach(const std::filesystem::path& file, const std::string& name, int flags) {
        count_no_memory();
        try {
            // Whoever opens one uses it from one thread: SQLite need not lock it for each call.
            auto sqlite = std::make_unique<SQLite::Database>(name, flags | SQLITE_OPEN_NOMUTEX);
            configure(*sqlite, flags);
            return {file, std::move(sqlite)};
        } catch (const SQLite::Exception& trouble) {
            throw Database::translated(file, "open", trouble);
        }
    }
};

void Database::check_nothing_left(const std::filesystem::path& file) {
    if (::access(file.c_str(), F_OK) == 0) return;
    for (const char* suffix : {"-wal", "-journal"}) {
        const std::string left = file.native() + suffix;
        if (::access(left.c_str(), F_OK) != 0) continue;
        throw Error(fmt::format("{} is there without {}: move it to the database that it belongs to, or away",
                                left, file.native()));
    }
}

void Database::remove(const std::filesystem::path& file) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"})
        (void)::unlink((file.native() + suffix).c_str());
}

void Database::create(const std::filesystem::path& file, const DatabaseKind& kind,
                      const std::function<void(SQLite::Database&)>& fill) {
    // The process number keeps two creators apart; what an earlier process of that number left is of no use.
    const std::filesystem::path building = fmt::format("{}.new-{}", file.native(), ::getpid());
    remove(building);
    try {
        make_empty_file(building);
        {
            const Database database = DatabaseMaker::attach(building, SQLite::OPEN_READWRITE);
            database.doing("make", [&] {
                SQLite::Database& sqlite = database.sqlite();
                sqlite.exec(fmt::format("PRAGMA page_size = {}", kind.page_size));
                sqlite.exec(fmt::format("PRAGMA application_id = {}", kind.application_id));
                sqlite.execAndGet("PRAGMA journal_mode = WAL");
                SQLite::Transaction transaction(sqlite, SQLite::TransactionBehavior::IMMEDIATE);
                apply_migrations(file, kind, sqlite);
                fill(sqlite);
                transaction.commit();
            });
        } // closed: all is in the one file now
        check_nothing_left(file);
        if (::link(building.c_str(), file.c_str()) != 0) {
            if (errno == EEXIST) {
                throw Error(fmt::format(
                    "{} exists already: it stays as it is; move it away to make a new one", file.native()));
            }
            throw system_error(fmt::format("cannot make {}", file.native()));
        }
        remove(building);
        sync_folder(file);
    } catch (...) {
        remove(building);
        throw;
    }
}

Database Database::open(const std::filesystem::path& file, const DatabaseKind& kind, Access access) {
    check_there(file, kind);
    Database database = DatabaseMaker::attach(file, access == Access::writing ? SQLite::OPEN_READWRITE
                                                                              : SQLite::OPEN_READONLY);
    database.doing("open", [&] {
        check_kind(file, kind, database.sqlite());
        if (access == Access::writing)
            migrate(file, kind, database.sqlite());
        else
            check_version(file, kind, database.sqlite());
    });
    return database;
}

Database Database::checked(Database database, const DatabaseKind& kind) {
    database.doing("open", [&] {
        check_kind(database.file_, kind, database.sqlite());
        check_version(database.file_, kind, database.sqlite());
    });
    return database;
}

Database Database::open_for_a_look(const std::filesystem::path& file, const DatabaseKind& kind) {
    check_there(file, kind);
    Database database = lies_whole_and_still(file) ? DatabaseMaker::attach_immutable(file)
                                                   : DatabaseMaker::attach(file, SQLite::OPEN_READONLY);
    const bool older = database.doing("open", [&] {
        return number_of(database.sqlite(), "PRAGMA user_version") < kind.migrations.back().version;
    });
    if (older) return database.copied(kind);
    return checked(std::move(database), kind);
}

Database Database::glance(const std::filesystem::path& file, const DatabaseKind& kind) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) throw system_error(file.native());
    if (!S_ISREG(status.st_mode) || (status.st_uid != 0 && status.st_uid != ::geteuid()))
        throw Error(
            fmt::format("{} is not yours to look at: it is another user's, or no file", file.native()));
    // Who has it open keeps a -shm file, which a reader needs and would otherwise make.
    const bool in_use = ::access((file.native() + "-shm").c_str(), F_OK) == 0;
    Database database =
        in_use ? DatabaseMaker::attach(file, SQLite::OPEN_READONLY) : DatabaseMaker::attach_immutable(file);
    database.sqlite().setBusyTimeout(0);
    return checked(std::move(database), kind);
}

bool Database::is_older(const std::filesystem::path& file, const DatabaseKind& kind) {
    check_there(file, kind);
    const Database database = DatabaseMaker::attach(file, SQLite::OPEN_READONLY);
    return database.doing("open", [&] {
        check_kind(file, kind, database.sqlite());
        return number_of(database.sqlite(), "PRAGMA user_version") < kind.migrations.back().version;
    });
}

Database Database::copy(const std::filesystem::path& file, const DatabaseKind& kind) {
    check_there(file, kind);
    return DatabaseMaker::attach(file, SQLite::OPEN_READONLY).copied(kind);
}

Database Database::copied(const DatabaseKind& kind) const {
    Database target = DatabaseMaker::attach(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    target.file_ = file_; // for messages
    doing("copy", [&] {
        check_kind(file_, kind, sqlite());
        SQLite::Backup backup(target.sqlite(), sqlite());
        while (backup.executeStep() != SQLITE_DONE) {
        }
        migrate(file_, kind, target.sqlite());
    });
    return target;
}

} // namespace otk
