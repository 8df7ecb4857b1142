// What the sources of Ledger share; for them only.
#pragma once

#include "store/columns.h"
#include "store/database.h"
#include "store/ledger.h"
#include "store/ledger_rows.h"
#include "store/writer_lock.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace otk {

// A LIMIT; SIZE_MAX means as many as there are.
[[nodiscard]] inline std::int64_t row_limit(std::size_t most) {
    constexpr std::size_t all = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(std::min(most, all));
}

// Statements that are asked again and again, made when they are first needed: to prepare one costs more than
// to carry it out.
class Prepared {
  public:
    explicit Prepared(const Database& database) : database_(database) {} // outlives it
    // One text is in use once at a time: not for what calls back.
    [[nodiscard]] Asking ask(std::string_view sql) {
        auto known = statements_.find(sql);
        if (known == statements_.end())
            known = statements_.try_emplace(std::string(sql), database_.sqlite(), std::string(sql)).first;
        return Asking(known->second);
    }

  private:
    const Database& database_;
    std::map<std::string, SQLite::Statement, std::less<>> statements_;
};

// What a spend and a row need, prepared once.
struct LedgerWriting {
    explicit LedgerWriting(SQLite::Database& sqlite);

    SQLite::Statement begin;
    SQLite::Statement commit;
    SQLite::Statement advance; // chain, image, count, at, old image
    SQLite::Statement append;  // insert_row
    SQLite::Statement output;  // row, bytes, truncated
};

// The newest rows that began a command, as they were appended: the end of most commands comes soon after the
// knock, and asks for its row. Rows never change, so what is remembered is what the file has.
class RecentRows {
  public:
    void add(const Row& row) {
        if (row.kind != RowKind::accepted && row.kind != RowKind::undo) return;
        if (rows_.size() == most) rows_.pop_front();
        rows_.push_back(row);
    }
    [[nodiscard]] const Row* find(RowNumber number) const {
        const auto found = std::lower_bound(rows_.begin(), rows_.end(), number,
                                            [](const Row& row, RowNumber one) { return row.number < one; });
        return found == rows_.end() || found->number != number ? nullptr : &*found;
    }
    void forget_after(RowNumber number) {
        while (!rows_.empty() && rows_.back().number > number)
            rows_.pop_back();
    }
    void forget() { rows_.clear(); }

  private:
    static constexpr std::size_t most = 16'384; // some 6 MiB, in a flood only

    std::deque<Row> rows_; // by number
};

struct Ledger::Inside {
    WriterLock lock; // first, so that it outlives the database
    Database database;
    Prepared prepared{database};
    Head head{};     // the newest committed row
    Head appended{}; // the newest row, the transaction's included
    RecentRows recent;
    bool in_transaction = false;
    std::unique_ptr<LedgerWriting> writing; // none where the ledger was opened for reading

    // Its statements name the database, so it stays where it is.
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    Inside(WriterLock held, Database opened) : lock(std::move(held)), database(std::move(opened)) {}

    [[nodiscard]] SQLite::Statement prepare(const std::string& sql) const { return {database.sqlite(), sql}; }
    // Takes the head from the file; Error when that row is not whole.
    void read_head();
    void prepare_writing();
    [[nodiscard]] Head read_checkpoint() const;

    // One step of a transaction. When it throws, nothing of the transaction is left.
    template <typename Step>
    decltype(auto) step(std::string_view doing, Step&& work) {
        promise(in_transaction, "the ledger changes between begin and commit only");
        try {
            return database.doing(doing, work);
        } catch (...) {
            roll_back();
            throw;
        }
    }
    void roll_back() noexcept;

    [[nodiscard]] std::vector<Row> read_rows(SQLite::Statement& select) const;

    // One view of the ledger for several questions, while another process may go on writing; released by its
    // end.
    class View {
      public:
        explicit View(const Inside& inside) {
            if (!inside.in_transaction) transaction_.emplace(inside.database.sqlite());
        }

      private:
        std::optional<SQLite::Transaction> transaction_; // none within the writer's, which is a view itself
    };
};

} // namespace otk
