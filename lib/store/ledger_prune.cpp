// Retention: old rows go, and what remains still verifies (DESIGN 8, docs/FORMAT.md).

#include "store/columns.h"
#include "store/ledger_inside.h"

namespace otk {

namespace {

// The oldest row that must stay, whatever its age: the newest one, from which numbers and hashes go on; those
// of open commands, with the knock that an undo belongs to; those of holds.
RowNumber oldest_needed(SQLite::Database& sqlite) {
    SQLite::Statement select(
        sqlite, "SELECT min(number) FROM ("
                "SELECT max(number) AS number FROM event "
                "UNION ALL SELECT min(number) FROM open_command "
                "UNION ALL SELECT min(of) FROM event JOIN open_command USING (number) WHERE of > 0 "
                "UNION ALL SELECT min(row) FROM hold)");
    promise(select.executeStep(), "a minimum has one row");
    return RowNumber{select.getColumn(0).getInt64()};
}

void move_checkpoint(SQLite::Database& sqlite, const Head& to) {
    SQLite::Statement update(sqlite, "UPDATE meta SET checkpoint = ?, checkpoint_hash = ?");
    update.bind(1, number_of(to.row));
    bind_bytes(update, 2, to.hash);
    update.exec();
}

// One by one, because the schema wants them to go in order, and SQL promises none.
std::size_t remove_each(SQLite::Statement& remove, const std::vector<RowNumber>& rows) {
    std::size_t removed = 0;
    for (const RowNumber row : rows) {
        remove.reset();
        remove.bind(1, number_of(row));
        removed += static_cast<std::size_t>(remove.exec());
    }
    return removed;
}

} // namespace

std::size_t Ledger::prune(Time before, std::size_t most) {
    return inside_->step("remove old rows", [&]() -> std::size_t {
        SQLite::Database& sqlite = inside_->database.sqlite();
        const RowNumber needed = oldest_needed(sqlite);
        Head head = inside_->read_checkpoint();
        std::vector<RowNumber> old;
        SQLite::Statement select = inside_->prepare(select_rows("ORDER BY number LIMIT ?"));
        select.bind(1, row_limit(most));
        while (select.executeStep()) {
            const Result<Row, std::string> row = read_row(select);
            const auto hash = array_of<32>(select.getColumn(hash_column));
            const bool whole = row && hash && number_of(row->number) == number_of(head.row) + 1 &&
                               *hash == hash_of(head.hash, *row);
            if (!whole || row->number >= needed || row->at >= before) break;
            head = {row->number, *hash};
            old.push_back(row->number);
        }
        select.reset();
        if (old.empty()) return 0;
        inside_->recent.forget();
        move_checkpoint(sqlite, head);
        SQLite::Statement output = inside_->prepare("DELETE FROM output WHERE ended = ?");
        remove_each(output, old);
        SQLite::Statement event = inside_->prepare("DELETE FROM event WHERE number = ?");
        return remove_each(event, old);
    });
}

std::size_t Ledger::prune_output(Time before, std::size_t most) {
    return inside_->step("remove old outputs", [&] {
        std::vector<RowNumber> old;
        SQLite::Statement select = inside_->prepare(
            "SELECT ended, at FROM output JOIN event ON number = ended ORDER BY ended LIMIT ?");
        select.bind(1, row_limit(most));
        while (select.executeStep() && select.getColumn(1).getInt64() < to_nanoseconds(before))
            old.push_back(RowNumber{select.getColumn(0).getInt64()});
        select.reset();
        SQLite::Statement remove = inside_->prepare("DELETE FROM output WHERE ended = ?");
        return remove_each(remove, old);
    });
}

Head Ledger::checkpoint() const {
    return inside_->database.doing("read", [&] { return inside_->read_checkpoint(); });
}

} // namespace otk
