#include "store/ledger.h"

#include "base/text.h"
#include "store/columns.h"
#include "store/ledger_inside.h"

#include <sqlite3.h>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::int32_t application_id = 0x6f746b4c; // "otkL"

// A spend changes few bytes of each page that it touches, and a commit writes and sums up whole pages.
// Smaller ones still make it shorter for a knock that comes alone, and longer again for a group of hundreds.
constexpr int page_bytes = 2048;
// A checkpoint moves pages from the -wal file into the database. At SQLite's usual 1,000 pages it comes so
// often that it shows as outliers of a spend; at 16,000 (32 MiB) it does not.
constexpr int checkpoint_pages = 16000;
// What Ledger::lengthen_log() prepares: the ends and spends of some 250 knocks that come alone.
constexpr int pages_laid_out = 2000;
// What one commit changes stays in memory until it is written: 512 knocks of chains that lie far apart, each
// with a page of its own. With SQLite's 2 MiB the pages were written and read again within the transaction.
constexpr int page_cache_kib = 16 * 1024;

DatabaseKind kind() {
    return {.name = "ledger",
            .application_id = application_id,
            .page_size = page_bytes,
            .migrations = ledger_migrations(),
            .help_if_missing =
                "put the newest copy back, or run `knockmgr restore`, which says what is at stake"};
}

// While it lives, commits are not synced. On every way out they are again, or the process ends: nothing may
// ever act on a spend that is not durable.
class Unsynced {
  public:
    explicit Unsynced(SQLite::Database& sqlite) : sqlite_(sqlite) {
        sqlite_.exec("PRAGMA synchronous = OFF");
    }
    ~Unsynced() {
        constexpr int full = 2; // SQLite's number for it
        (void)sqlite_.tryExec("PRAGMA synchronous = FULL");
        SQLite::Statement now(sqlite_, "PRAGMA synchronous");
        promise(now.executeStep() && now.getColumn(0).getInt() == full,
                "the ledger is synced at each commit");
    }
    Unsynced(const Unsynced&) = delete;
    Unsynced& operator=(const Unsynced&) = delete;

  private:
    SQLite::Database& sqlite_;
};

// The first row names the ledger, so that the chain of hashes covers its id.
Row first_row(const LedgerId& id, Time now) {
    Row row;
    row.number = RowNumber{1};
    row.at = now;
    row.kind = RowKind::created;
    row.text = to_hex(id);
    return row;
}

} // namespace

Ledger::Ledger(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;
Ledger::~Ledger() = default;

void Ledger::create(const std::filesystem::path& file, const LedgerId& id, Time now) {
    Database::create(file, kind(), [&](SQLite::Database& sqlite) {
        SQLite::Statement meta(sqlite, "INSERT INTO meta (one, id) VALUES (1, ?)");
        bind_bytes(meta, 1, id);
        meta.exec();
        SQLite::Statement append(sqlite, std::string(insert_row));
        const Row row = first_row(id, now);
        const RowHash hash = hash_of({}, row);
        lend_row(append, row, hash);
        append.exec();
    });
}

Ledger Ledger::open(const std::filesystem::path& file) {
    if (!std::filesystem::exists(file)) { // before the lock, which would make a file
        throw Error(fmt::format("there is no {}: {}", file.native(), kind().help_if_missing));
    }
    WriterLock lock(file);
    auto inside = std::make_unique<Inside>(std::move(lock), Database::open(file, kind(), Access::writing));
    inside->database.doing("open", [&] {
        inside->database.sqlite().exec("PRAGMA synchronous = FULL");
        // What retention removes is overwritten, not only forgotten.
        inside->database.sqlite().execAndGet("PRAGMA secure_delete = ON");
        inside->database.sqlite().exec(fmt::format("PRAGMA wal_autocheckpoint = {}", checkpoint_pages));
        inside->database.sqlite().exec(fmt::format("PRAGMA cache_size = -{}", page_cache_kib));
    });
    inside->read_head();
    inside->prepare_writing();
    return Ledger(std::move(inside));
}

Ledger Ledger::open_copy(const std::filesystem::path& file) {
    auto inside = std::make_unique<Inside>(WriterLock(), Database::copy(file, kind()));
    inside->read_head();
    inside->prepare_writing();
    return Ledger(std::move(inside));
}

Ledger Ledger::open_for_reading(const std::filesystem::path& file) {
    auto inside = std::make_unique<Inside>(WriterLock(), Database::open(file, kind(), Access::reading));
    inside->read_head();
    return Ledger(std::move(inside));
}

// Each of these commits writes the first page anew, as it is (an UPDATE that changes nothing would write
// nothing), and waits for no disk: the checkpoint does, once for all. After it the log is written from its
// beginning again.
void Ledger::lengthen_log() {
    promise(inside_->writing != nullptr && !inside_->in_transaction,
            "a log is lengthened between transactions");
    SQLite::Database& sqlite = inside_->database.sqlite();
    inside_->database.doing("write", [&] {
        const int version = kind().migrations.back().version;
        SQLite::Statement same(sqlite, fmt::format("PRAGMA user_version = {}", version));
        int trouble = SQLITE_DONE;
        {
            const Unsynced for_these_pages(sqlite);
            for (int page = 0; page < pages_laid_out && trouble == SQLITE_DONE; ++page) {
                trouble = same.tryExecuteStep();
                (void)same.tryReset();
            }
        }
        try {
            if (trouble != SQLITE_DONE) throw SQLite::Exception(sqlite.getHandle(), trouble);
        } catch (const SQLite::Exception&) {
            // What has been taken of a disk that is nearly full is given back.
            (void)sqlite.tryExec("PRAGMA wal_checkpoint(TRUNCATE)");
            throw;
        }
        sqlite.execAndGet("PRAGMA wal_checkpoint(PASSIVE)");
    });
}

LedgerId Ledger::id() const {
    return inside_->database.doing("read", [&] {
        SQLite::Statement select = inside_->prepare("SELECT id FROM meta");
        const auto id = select.executeStep() ? array_of<16>(select.getColumn(0)) : std::nullopt;
        if (!id) throw inside_->database.damaged("it has no id");
        return *id;
    });
}

Head Ledger::head() const {
    if (!inside_->writing) inside_->read_head(); // another process writes
    return inside_->head;
}

bool Ledger::contains(const Head& head) const {
    if (head == Head{}) return true; // before the first row
    return inside_->database.doing("read", [&] {
        const Inside::View view(*inside_);
        SQLite::Statement select = inside_->prepare("SELECT hash FROM event WHERE number = ?");
        select.bind(1, number_of(head.row));
        if (select.executeStep()) return array_of<32>(select.getColumn(0)) == head.hash;
        const Head checkpoint = inside_->read_checkpoint();
        // Of the rows before the checkpoint only it is still known; they were there.
        return head.row > RowNumber{0} && (head.row < checkpoint.row || head == checkpoint);
    });
}

void Ledger::Inside::read_head() {
    database.doing("read", [&] {
        const Inside::View view(*this);
        SQLite::Statement select = prepare(select_rows("ORDER BY number DESC LIMIT 2"));
        if (!select.executeStep()) throw database.damaged("it has no row");
        const Row newest = read_row_of(database, select);
        const RowHash hash = read_hash_of(database, select, hash_column);
        const RowHash previous =
            select.executeStep() ? read_hash_of(database, select, hash_column) : read_checkpoint().hash;
        if (hash_of(previous, newest) != hash) {
            throw database.damaged(
                fmt::format("row {}: its hash is not that of its fields", number_of(newest.number)));
        }
        head = appended = Head{newest.number, hash};
    });
}

Head Ledger::Inside::read_checkpoint() const {
    SQLite::Statement select = prepare("SELECT checkpoint, checkpoint_hash FROM meta");
    const auto hash = select.executeStep() ? array_of<32>(select.getColumn(1)) : std::nullopt;
    if (!hash) throw database.damaged("it has no checkpoint");
    return {RowNumber{select.getColumn(0).getInt64()}, *hash};
}

void Ledger::Inside::prepare_writing() {
    database.doing("open", [&] { writing = std::make_unique<LedgerWriting>(database.sqlite()); });
}

} // namespace otk
