// What an administrator asks of the running knockd, the decision about the guard, and what is left of grants
// that are gone: reading and changing.

#include "base/text.h"
#include "store/columns.h"
#include "store/policy_inside.h"

#include <fmt/format.h>

namespace otk {

namespace {

Request read_request(const Database& database, SQLite::Statement& row) {
    Request request;
    request.id = row.getColumn(0).getInt64();
    request.at = from_nanoseconds(row.getColumn(1).getInt64());
    request.who = row.getColumn(2).getString();
    request.kind = static_cast<Request::Kind>(row.getColumn(3).getInt());
    request.grant = GrantId{row.getColumn(4).getInt64()};
    request.row = row.getColumn(6).getInt64();
    const SQLite::Column value = row.getColumn(5);
    const std::size_t size = bytes_of(value).size();
    if (size != 0 && size != 8 && size != 16) throw database.damaged("a value has a wrong size");
    if (size != 0) request.value = Value(bytes_of(value));
    return request;
}

GuardDecision read_guard(const Database& database) {
    SQLite::Statement select(database.sqlite(), "SELECT armed, trial_until FROM guard");
    if (!select.executeStep()) throw database.damaged("it does not say whether the guard is on");
    GuardDecision decision{.on = select.getColumn(0).getInt() != 0, .trial_until = std::nullopt};
    const SQLite::Column until = select.getColumn(1);
    if (!until.isNull()) decision.trial_until = from_nanoseconds(until.getInt64());
    return decision;
}

} // namespace

std::optional<GrantDetails> PolicyStore::removed_grant(GrantId id) const {
    return inside_->database.doing("read a removed grant", [&]() -> std::optional<GrantDetails> {
        SQLite::Statement select = inside_->prepare(select_removed_grants("WHERE id = ?"));
        select.bind(1, number_of(id));
        if (!select.executeStep()) return std::nullopt;
        return read_removed_grant(inside_->database, select);
    });
}

std::vector<Request> PolicyStore::requests_after(std::int64_t id) const {
    return inside_->database.doing("read the requests", [&] {
        SQLite::Statement select = inside_->prepare(
            "SELECT id, at, who, kind, grant, value, ledger_row FROM request WHERE id > ? ORDER BY id");
        select.bind(1, id);
        std::vector<Request> requests;
        while (select.executeStep())
            requests.push_back(read_request(inside_->database, select));
        return requests;
    });
}

GuardDecision PolicyStore::guard() const {
    return inside_->database.doing("read what was decided about the guard",
                                   [&] { return read_guard(inside_->database); });
}

std::string PolicyStore::Inside::object_of(const Request& request) const {
    if (request.kind == Request::Kind::close) return std::to_string(request.row);
    const GrantDetails details = grant(request.grant);
    const Algorithm algorithm = details.grant.enrolment.algorithm;
    if (request.value.size() != value_size(algorithm)) {
        throw Error(fmt::format("a knock of {} has {} bytes, and this value has {}: give one of that chain",
                                name_of(details), value_size(algorithm), request.value.size()));
    }
    return name_of(details);
}

std::int64_t PolicyStore::add_request(const Request& request) {
    return inside_->change("add a request", [&] {
        const std::string object = inside_->object_of(request);
        SQLite::Statement insert = inside_->prepare(
            "INSERT INTO request (at, who, kind, grant, value, ledger_row) VALUES (?, ?, ?, ?, ?, ?)");
        bind_time(insert, 1, inside_->clock->now());
        bind_text(insert, 2, inside_->who);
        insert.bind(3, static_cast<std::int32_t>(request.kind));
        insert.bind(4, number_of(request.grant));
        bind_bytes(insert, 5, request.value.view());
        insert.bind(6, request.row);
        insert.exec();
        const std::int64_t id = inside_->database.sqlite().getLastInsertRowid();
        const bool resync = request.kind == Request::Kind::resync;
        Json after = {{"request", id}};
        if (resync) after["value"] = to_hex(request.value.view());
        inside_->record(resync ? "grant resync" : "door close", object, nullptr, after);
        return id;
    });
}

void PolicyStore::set_guard(const GuardDecision& decision) {
    inside_->change("decide about the guard", [&] {
        const GuardDecision before = read_guard(inside_->database);
        SQLite::Statement update = inside_->prepare("UPDATE guard SET armed = ?, trial_until = ?");
        update.bind(1, decision.on ? 1 : 0);
        bind_time(update, 2, decision.trial_until);
        update.exec();
        inside_->record(decision.on ? "guard on" : "guard off", "", to_json(before), to_json(decision));
    });
}

} // namespace otk
