// Changes of users and commands. Each is one transaction, with its row in the change table.

#include "store/columns.h"
#include "store/policy_inside.h"

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::string_view verb(bool enabled) { return enabled ? "enable" : "disable"; }

// Binds what a command is to the parameters, in the order of the columns; what its kind does not use is NULL.
void bind_command(SQLite::Statement& statement, const Command& command) {
    const std::string what = fmt::format("command {}", command.name);
    bind_text(statement, 1, command.name);
    statement.bind(2, command.enabled ? 1 : 0);
    bind_text(statement, 3, name_of(command.kind));
    bind_text(statement, 4, json_text(command.argv, what));
    bind_text(statement, 5, json_text(command.undo, what));
    bind_text(statement, 6, command.run_as);
    statement.bind(7, std::int64_t{command.time_limit.count()});
    statement.bind(8, std::int64_t{command.hold.count()});
    if (command.service != Service{}) bind_text(statement, 9, format_service(command.service));
    statement.bind(10, static_cast<std::int32_t>(command.prefix4));
    statement.bind(11, static_cast<std::int32_t>(command.prefix6));
    if (command.target != Endpoint{}) bind_text(statement, 12, format_endpoint(command.target));
    if (command.closes != CommandId{}) statement.bind(13, number_of(command.closes));
    bind_text(statement, 14, command.argument);
    statement.bind(15, command.leave_running ? 1 : 0);
}

} // namespace

void PolicyStore::Inside::record(std::string_view what, const std::string& object, const Json& before,
                                 const Json& after, std::optional<GrantId> about) const {
    SQLite::Statement insert =
        prepare("INSERT INTO change (at, who, what, object, state_before, state_after, grant) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)");
    bind_time(insert, 1, clock->now());
    bind_text(insert, 2, who);
    bind_text(insert, 3, what);
    bind_text(insert, 4, object);
    bind_text(insert, 5, before.is_null() ? "" : json_text(before, object));
    bind_text(insert, 6, after.is_null() ? "" : json_text(after, object));
    if (about)
        insert.bind(7, number_of(*about));
    else
        insert.bind(7); // NULL
    insert.exec();
}

UserId PolicyStore::add_user(std::string_view name) {
    return inside_->change("add a user", [&] {
        if (user_named(name)) throw Error(fmt::format("user {} exists already", name));
        SQLite::Statement insert = inside_->prepare("INSERT INTO user (name, enabled) VALUES (?, 1)");
        bind_text(insert, 1, name);
        insert.exec();
        const UserId id{inside_->database.sqlite().getLastInsertRowid()};
        const User user = inside_->user(id);
        inside_->record("user add", user.name, nullptr, to_json(user));
        return id;
    });
}

void PolicyStore::set_user_enabled(UserId id, bool enabled) {
    inside_->change("change a user", [&] {
        const User before = inside_->user(id);
        SQLite::Statement update = inside_->prepare("UPDATE user SET enabled = ? WHERE id = ?");
        update.bind(1, enabled ? 1 : 0);
        update.bind(2, number_of(id));
        update.exec();
        inside_->record(fmt::format("user {}", verb(enabled)), before.name, to_json(before),
                        to_json(inside_->user(id)));
    });
}

void PolicyStore::remove_user(UserId id) {
    inside_->change("remove a user", [&] {
        const User user = inside_->user(id);
        for (const GrantDetails& details : inside_->grants_where("grant.user = ?", number_of(id))) {
            inside_->remove_grant(details);
        }
        SQLite::Statement remove = inside_->prepare("DELETE FROM user WHERE id = ?");
        remove.bind(1, number_of(id));
        remove.exec();
        inside_->record("user remove", user.name, to_json(user), nullptr);
    });
}

Json PolicyStore::Inside::json_of(const Command& of) const {
    return to_json(of, of.closes == CommandId{} ? "" : command(of.closes).name);
}

CommandId PolicyStore::add_command(const Command& command) {
    return inside_->change("add a command", [&] {
        if (command_named(command.name)) throw Error(fmt::format("command {} exists already", command.name));
        SQLite::Statement insert = inside_->prepare(
            "INSERT INTO command (name, enabled, kind, argv, undo, run_as, time_limit, hold, "
            "service, prefix4, prefix6, target, closes, argument, leave_running) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        bind_command(insert, command);
        insert.exec();
        const CommandId id{inside_->database.sqlite().getLastInsertRowid()};
        inside_->record("command add", command.name, nullptr, inside_->json_of(inside_->command(id)));
        return id;
    });
}

void PolicyStore::set_command_enabled(CommandId id, bool enabled) {
    inside_->change("change a command", [&] {
        const Command before = inside_->command(id);
        SQLite::Statement update = inside_->prepare("UPDATE command SET enabled = ? WHERE id = ?");
        update.bind(1, enabled ? 1 : 0);
        update.bind(2, number_of(id));
        update.exec();
        inside_->record(fmt::format("command {}", verb(enabled)), before.name, inside_->json_of(before),
                        inside_->json_of(inside_->command(id)));
    });
}

void PolicyStore::set_command_leaves(CommandId id, bool leave_running) {
    inside_->change("change a command", [&] {
        const Command before = inside_->command(id);
        SQLite::Statement update = inside_->prepare("UPDATE command SET leave_running = ? WHERE id = ?");
        update.bind(1, leave_running ? 1 : 0);
        update.bind(2, number_of(id));
        update.exec();
        inside_->record("command set", before.name, inside_->json_of(before),
                        inside_->json_of(inside_->command(id)));
    });
}

void PolicyStore::Inside::refuse_if_closed_by_others(const Command& command) const {
    SQLite::Statement select = prepare("SELECT name FROM command WHERE closes = ? ORDER BY name");
    select.bind(1, number_of(command.id));
    std::string names;
    while (select.executeStep())
        names += (names.empty() ? "" : ", ") + select.getColumn(0).getString();
    if (names.empty()) return;
    throw Error(
        fmt::format("command {} cannot be removed while there are commands that close it: first remove {}",
                    command.name, names));
}

void PolicyStore::remove_command(CommandId id) {
    inside_->change("remove a command", [&] {
        const Command command = inside_->command(id);
        const Json before = inside_->json_of(command);
        inside_->refuse_if_closed_by_others(command);
        for (const GrantDetails& details : inside_->grants_where("grant.command = ?", number_of(id))) {
            inside_->remove_grant(details);
        }
        SQLite::Statement remove = inside_->prepare("DELETE FROM command WHERE id = ?");
        remove.bind(1, number_of(id));
        remove.exec();
        inside_->record("command remove", command.name, before, nullptr);
    });
}

} // namespace otk
