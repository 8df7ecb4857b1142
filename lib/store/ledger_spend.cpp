// Writing: a transaction of spends, rows and outputs, durable when commit() has returned.

#include "store/columns.h"
#include "store/ledger_inside.h"

#include <sqlite3.h>

namespace otk {

namespace {

// Ready for new parameters. Statement::reset() would throw the error of the last step once more.
SQLite::Statement& afresh(SQLite::Statement& statement) {
    (void)statement.tryReset();
    return statement;
}

} // namespace

LedgerWriting::LedgerWriting(SQLite::Database& sqlite) :
    begin(sqlite, "BEGIN IMMEDIATE"), commit(sqlite, "COMMIT"),
    // One statement for a chain's first knock and for all later ones, by the primary key: the old image is a
    // condition and not a key, so images need no index. (As an UPDATE of its own it would copy each key into
    // a table for the time of the statement, because the table has a trigger.)
    advance(sqlite, "INSERT INTO position (chain, image, count, at) VALUES (?1, ?2, ?3, ?4) "
                    "ON CONFLICT (chain) DO UPDATE SET image = ?2, count = ?3, at = ?4 "
                    "WHERE image = ?5 AND count > ?3"),
    append(sqlite, std::string(insert_row)),
    output(sqlite, "INSERT INTO output (ended, bytes, truncated) VALUES (?, ?, ?)") {}

void Ledger::begin() {
    promise(inside_->writing != nullptr, "a ledger opened for reading was asked to change");
    promise(!inside_->in_transaction, "a transaction of the ledger is begun once");
    inside_->database.doing("write", [&] { afresh(inside_->writing->begin).exec(); });
    inside_->in_transaction = true;
}

bool Ledger::spend(const Value& old_image, const Position& next) {
    return inside_->step("spend a knock", [&] {
        if (next.count == 0) return false; // the start of a chain is no knock
        // Where there is a position and it is no longer at the old image, nothing changes. Where there is
        // none one begins: a chain cannot lose its position and begin anew, because positions are never
        // deleted; and an enrolment is never used for a second chain (policy.db, `enrolment`).
        SQLite::Statement& advance = afresh(inside_->writing->advance);
        lend_bytes(advance, 1, next.chain);
        lend_bytes(advance, 2, next.image.view());
        advance.bind(3, next.count);
        bind_time(advance, 4, next.at);
        lend_bytes(advance, 5, old_image.view());
        return advance.exec() == 1;
    });
}

Head Ledger::append(Row& row) {
    return inside_->step("append a row", [&] {
        const RowNumber before = row.number;
        row.number = RowNumber{number_of(inside_->appended.row) + 1};
        try {
            const Head head{row.number, hash_of(inside_->appended.hash, row)};
            SQLite::Statement& append = afresh(inside_->writing->append);
            lend_row(append, row, head.hash);
            append.exec();
            inside_->recent.add(row);
            inside_->appended = head;
            return head;
        } catch (...) {
            row.number = before;
            throw;
        }
    });
}

void Ledger::keep_output(RowNumber ended, Bytes output, bool truncated) {
    inside_->step("keep an output", [&] {
        SQLite::Statement& insert = afresh(inside_->writing->output);
        insert.bind(1, number_of(ended));
        lend_bytes(insert, 2, output);
        insert.bind(3, truncated ? 1 : 0);
        insert.exec();
    });
}

void Ledger::commit() {
    inside_->step("commit", [&] { afresh(inside_->writing->commit).exec(); });
    inside_->in_transaction = false;
    inside_->head = inside_->appended;
}

void Ledger::roll_back() noexcept { inside_->roll_back(); }

void Ledger::Inside::roll_back() noexcept {
    if (!in_transaction) return;
    sqlite3* const handle = database.sqlite().getHandle();
    // SQLite may have rolled back by itself (a full disk, a read error); a second time would be an error.
    // Where even this fails the disk is gone, and the next begin() says so, because the transaction is still
    // there.
    if (sqlite3_get_autocommit(handle) == 0)
        (void)sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
    in_transaction = false;
    appended = head;
    recent.forget_after(head.row);
}

} // namespace otk
