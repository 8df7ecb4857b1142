// What lasts between knocks: holds, the knocks that rates count, and the newest request that was done.

#include "store/columns.h"
#include "store/ledger_inside.h"

namespace otk {

namespace {

constexpr auto hour = std::chrono::hours(1);
constexpr auto day = std::chrono::hours(24);

Hold read_hold(const Database& database, SQLite::Statement& select) {
    const auto address = read_address(select.getColumn(2));
    const std::int64_t port = select.getColumn(3).getInt64();
    if (!address || port < 0 || port > UINT16_MAX) throw database.damaged("a hold is not one");
    return {.row = RowNumber{select.getColumn(0).getInt64()},
            .grant = GrantId{select.getColumn(1).getInt64()},
            .address = *address,
            .port = static_cast<std::uint16_t>(port),
            .deadline = from_nanoseconds(select.getColumn(4).getInt64()),
            .argument = select.getColumn(5).getString()};
}

} // namespace

Hold Ledger::hold(const Hold& wanted) {
    return inside_->step("hold", [&] {
        const Asking insert = inside_->prepared.ask(
            "INSERT INTO hold (row, grant, address, port, deadline, argument) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (grant, address, port, argument) "
            "DO UPDATE SET deadline = max(deadline, excluded.deadline) "
            "RETURNING row, grant, address, port, deadline, argument");
        insert->bind(1, number_of(wanted.row));
        insert->bind(2, number_of(wanted.grant));
        bind_bytes(*insert, 3, wanted.address.bytes());
        insert->bind(4, std::int32_t{wanted.port});
        bind_time(*insert, 5, wanted.deadline);
        insert->bindNoCopy(6, wanted.argument);
        promise(insert->executeStep(), "an INSERT with RETURNING returns its row");
        Hold held = read_hold(inside_->database, *insert);
        (void)insert->executeStep(); // to its end: what it refers to is checked there
        return held;
    });
}

bool Ledger::release(RowNumber row) {
    return inside_->step("release a hold", [&] {
        const Asking remove = inside_->prepared.ask("DELETE FROM hold WHERE row = ?");
        remove->bind(1, number_of(row));
        return remove->exec() == 1;
    });
}

void Ledger::admit(GrantId grant, Time now) {
    inside_->step("count a knock", [&] {
        const Asking insert = inside_->prepared.ask("INSERT INTO admitted (grant, at) VALUES (?, ?)");
        insert->bind(1, number_of(grant));
        bind_time(*insert, 2, now);
        insert->exec();
        const Asking forget = inside_->prepared.ask("DELETE FROM admitted WHERE grant = ? AND at <= ?");
        forget->bind(1, number_of(grant));
        bind_time(*forget, 2, now - day);
        forget->exec();
    });
}

void Ledger::note_request(std::int64_t id) {
    inside_->step("note a request", [&] {
        SQLite::Statement update =
            inside_->prepare("UPDATE meta SET last_request = ?1 WHERE last_request < ?1");
        update.bind(1, id);
        update.exec();
    });
}

std::optional<Hold> Ledger::hold_of(RowNumber row) const {
    return inside_->database.doing("read", [&]() -> std::optional<Hold> {
        const Asking select = inside_->prepared.ask(
            "SELECT row, grant, address, port, deadline, argument FROM hold WHERE row = ?");
        select->bind(1, number_of(row));
        if (!select->executeStep()) return std::nullopt;
        return read_hold(inside_->database, *select);
    });
}

std::vector<Hold> Ledger::holds() const {
    return inside_->database.doing("read", [&] {
        SQLite::Statement select =
            inside_->prepare("SELECT row, grant, address, port, deadline, argument FROM hold ORDER BY row");
        std::vector<Hold> holds;
        while (select.executeStep())
            holds.push_back(read_hold(inside_->database, select));
        return holds;
    });
}

// Times after `now` count as well: a clock that was set back gives nobody more knocks.
Admitted Ledger::admitted(GrantId grant, Time now) const {
    return inside_->database.doing("read", [&] {
        const Asking select = inside_->prepared.ask(
            "SELECT count(*) FILTER (WHERE at > ?), count(*) FROM admitted WHERE grant = ? AND at > ?");
        bind_time(*select, 1, now - hour);
        select->bind(2, number_of(grant));
        bind_time(*select, 3, now - day);
        promise(select->executeStep(), "a count has one row");
        return Admitted{select->getColumn(0).getUInt(), select->getColumn(1).getUInt()};
    });
}

void Ledger::not_admitted(GrantId grant, Time at) {
    inside_->step("count a knock no more", [&] {
        const Asking forget = inside_->prepared.ask(
            "DELETE FROM admitted WHERE rowid = (SELECT rowid FROM admitted WHERE grant = ? AND at = ? LIMIT "
            "1)");
        forget->bind(1, number_of(grant));
        bind_time(*forget, 2, at);
        forget->exec();
    });
}

std::int64_t Ledger::last_request() const {
    return inside_->database.doing("read", [&] {
        SQLite::Statement select = inside_->prepare("SELECT last_request FROM meta");
        if (!select.executeStep()) throw inside_->database.damaged("it has no id");
        return select.getColumn(0).getInt64();
    });
}

} // namespace otk
