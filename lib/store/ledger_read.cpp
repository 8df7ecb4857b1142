// What can be asked of ledger.db.

#include "store/columns.h"
#include "store/ledger_inside.h"

#include <fmt/format.h>

namespace otk {

namespace {

Position read_position(const Database& database, SQLite::Statement& select) {
    const auto chain = array_of<32>(select.getColumn(0));
    const SQLite::Column image = select.getColumn(1);
    const std::size_t size = bytes_of(image).size();
    const std::int64_t count = select.getColumn(2).getInt64();
    if (!chain || (size != 8 && size != 16) || count < 1 || count > longest_chain) {
        throw database.damaged("a position is not one");
    }
    return {*chain, Value(bytes_of(image)), static_cast<Count>(count),
            from_nanoseconds(select.getColumn(3).getInt64())};
}

// "WHERE a = ? AND b = ? ORDER BY ...", with only what the filter names.
std::string conditions(const Ledger::Filter& filter) {
    std::string text;
    const auto add = [&](bool wanted, std::string_view condition) {
        if (wanted) text += fmt::format("{} {}", text.empty() ? "WHERE" : " AND", condition);
    };
    add(!filter.user.empty(), "user = ?");
    add(!filter.command.empty(), "command = ?");
    add(filter.kind.has_value(), "kind = ?");
    add(filter.before.has_value(), "number < ?");
    add(filter.since.has_value(), "at >= ?");
    return text + " ORDER BY number DESC LIMIT ?";
}

} // namespace

std::vector<Row> Ledger::Inside::read_rows(SQLite::Statement& select) const {
    std::vector<Row> rows;
    while (select.executeStep())
        rows.push_back(read_row_of(database, select));
    return rows;
}

std::optional<Position> Ledger::position(const ChainId& chain) const {
    return inside_->database.doing("read", [&]() -> std::optional<Position> {
        const Asking select =
            inside_->prepared.ask("SELECT chain, image, count, at FROM position WHERE chain = ?");
        bind_bytes(*select, 1, chain);
        if (!select->executeStep()) return std::nullopt;
        return read_position(inside_->database, *select);
    });
}

void Ledger::each_position(const std::function<void(const Position&)>& visit) const {
    inside_->database.doing("read", [&] {
        SQLite::Statement select = inside_->prepare("SELECT chain, image, count, at FROM position");
        while (select.executeStep())
            visit(read_position(inside_->database, select));
    });
}

void Ledger::each_low_position(Count most, const std::function<void(const Position&)>& visit) const {
    inside_->database.doing("read", [&] {
        SQLite::Statement select =
            inside_->prepare("SELECT chain, image, count, at FROM position WHERE count <= ?");
        select.bind(1, most);
        while (select.executeStep())
            visit(read_position(inside_->database, select));
    });
}

std::optional<Row> Ledger::row(RowNumber number) const {
    return inside_->database.doing("read", [&]() -> std::optional<Row> {
        if (const Row* recent = inside_->recent.find(number)) return *recent;
        static const std::string one_row = select_rows("WHERE number = ?");
        const Asking select = inside_->prepared.ask(one_row);
        select->bind(1, number_of(number));
        if (!select->executeStep()) return std::nullopt;
        return read_row_of(inside_->database, *select);
    });
}

std::vector<Row> Ledger::rows(const Filter& filter, std::size_t most) const {
    return inside_->database.doing("read", [&] {
        SQLite::Statement select = inside_->prepare(select_rows(conditions(filter)));
        int index = 0;
        if (!filter.user.empty()) bind_text(select, ++index, filter.user);
        if (!filter.command.empty()) bind_text(select, ++index, filter.command);
        if (filter.kind) select.bind(++index, number_of(*filter.kind));
        if (filter.before) select.bind(++index, number_of(*filter.before));
        if (filter.since) bind_time(select, ++index, *filter.since);
        select.bind(++index, row_limit(most));
        return inside_->read_rows(select);
    });
}

std::vector<Row> Ledger::rows_of_value(const Value& value) const {
    if (value.empty()) return {};
    return inside_->database.doing("read", [&] {
        SQLite::Statement select = inside_->prepare(select_rows("WHERE value = ? ORDER BY number"));
        bind_bytes(select, 1, value.view());
        return inside_->read_rows(select);
    });
}

std::size_t Ledger::times_not_signed(const Value& value) const {
    return inside_->database.doing("read", [&] {
        const Asking select =
            inside_->prepared.ask("SELECT count(*) FROM event WHERE kind = 13 AND value = ?");
        bind_bytes(*select, 1, value.view());
        return select->executeStep() ? static_cast<std::size_t>(select->getColumn(0).getInt64()) : 0;
    });
}

std::vector<Row> Ledger::rows_about(RowNumber number) const {
    return inside_->database.doing("read", [&] {
        SQLite::Statement select = inside_->prepare(select_rows("WHERE of = ? AND of > 0 ORDER BY number"));
        select.bind(1, number_of(number));
        return inside_->read_rows(select);
    });
}

bool Ledger::is_open(RowNumber number) const {
    return inside_->database.doing("read", [&] {
        const Asking select = inside_->prepared.ask("SELECT 1 FROM open_command WHERE number = ?");
        select->bind(1, number_of(number));
        return select->executeStep();
    });
}

std::vector<Row> Ledger::open_commands() const {
    return inside_->database.doing("read", [&] {
        SQLite::Statement select = inside_->prepare(
            select_rows("WHERE number IN (SELECT number FROM open_command) ORDER BY number"));
        return inside_->read_rows(select);
    });
}

void Ledger::each_recent(std::size_t most, const std::function<void(const Row&)>& visit) const {
    inside_->database.doing("read", [&] {
        SQLite::Statement select =
            inside_->prepare(select_rows("WHERE kind IN (?, ?, ?, ?, ?, ?) ORDER BY number DESC LIMIT ?"));
        int index = 0;
        for (const RowKind kind : {RowKind::accepted, RowKind::refused, RowKind::replay, RowKind::late,
                                   RowKind::contested, RowKind::resynced}) {
            select.bind(++index, number_of(kind));
        }
        select.bind(++index, row_limit(most));
        while (select.executeStep())
            visit(read_row_of(inside_->database, select));
    });
}

std::optional<Ledger::Output> Ledger::output(RowNumber ended) const {
    return inside_->database.doing("read", [&]() -> std::optional<Output> {
        SQLite::Statement select = inside_->prepare("SELECT bytes, truncated FROM output WHERE ended = ?");
        select.bind(1, number_of(ended));
        if (!select.executeStep()) return std::nullopt;
        const SQLite::Column column = select.getColumn(0);
        const Bytes bytes = bytes_of(column);
        return Output{{bytes.begin(), bytes.end()}, select.getColumn(1).getInt() != 0};
    });
}

} // namespace otk
