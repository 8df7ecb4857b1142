// What can be asked of policy.db.

#include "store/columns.h"
#include "store/policy_inside.h"

#include <algorithm>
#include <limits>

#include <sqlite3.h>

#include <fmt/format.h>

namespace otk {

User PolicyStore::Inside::user(UserId id) const {
    SQLite::Statement select = prepare(select_users("WHERE id = ?"));
    select.bind(1, number_of(id));
    if (!select.executeStep()) throw Error(fmt::format("there is no user number {} any more", number_of(id)));
    return read_user(select);
}

Command PolicyStore::Inside::command(CommandId id) const {
    SQLite::Statement select = prepare(select_commands("WHERE id = ?"));
    select.bind(1, number_of(id));
    if (!select.executeStep())
        throw Error(fmt::format("there is no command number {} any more", number_of(id)));
    return read_command(database, select);
}

GrantDetails PolicyStore::Inside::grant(GrantId id) const {
    std::vector<GrantDetails> found = grants_where("grant.id = ?", number_of(id));
    if (found.empty()) throw Error(fmt::format("there is no grant number {} any more", number_of(id)));
    return std::move(found.front());
}

std::vector<GrantDetails> PolicyStore::Inside::grants_where(std::string_view condition,
                                                            std::int64_t parameter) const {
    SQLite::Statement select = prepare(select_grants(fmt::format("WHERE {} ORDER BY grant.id", condition)));
    select.bind(1, parameter);
    std::vector<GrantDetails> grants;
    while (select.executeStep())
        grants.push_back(read_grant(database, select));
    return grants;
}

std::vector<User> PolicyStore::users() const {
    return inside_->database.doing("read the users", [&] {
        SQLite::Statement select = inside_->prepare(select_users("ORDER BY name"));
        std::vector<User> users;
        while (select.executeStep())
            users.push_back(read_user(select));
        return users;
    });
}

std::vector<User> PolicyStore::users_beginning(std::string_view begin, std::size_t most) const {
    return inside_->database.doing("read the users", [&] {
        // No name has a character beyond z, so that the index on names gives just these.
        SQLite::Statement select =
            inside_->prepare(select_users("WHERE name >= ? AND name < ? || '{' ORDER BY name LIMIT ?"));
        bind_text(select, 1, begin);
        bind_text(select, 2, begin);
        select.bind(3, static_cast<std::int64_t>(most));
        std::vector<User> users;
        while (select.executeStep())
            users.push_back(read_user(select));
        return users;
    });
}

std::optional<User> PolicyStore::user_named(std::string_view name) const {
    return inside_->database.doing("read the users", [&]() -> std::optional<User> {
        SQLite::Statement select = inside_->prepare(select_users("WHERE name = ?"));
        bind_text(select, 1, name);
        if (!select.executeStep()) return std::nullopt;
        return read_user(select);
    });
}

std::vector<Command> PolicyStore::commands() const {
    return inside_->database.doing("read the commands", [&] {
        SQLite::Statement select = inside_->prepare(select_commands("ORDER BY name"));
        std::vector<Command> commands;
        while (select.executeStep())
            commands.push_back(read_command(inside_->database, select));
        return commands;
    });
}

std::optional<Command> PolicyStore::command_named(std::string_view name) const {
    return inside_->database.doing("read the commands", [&]() -> std::optional<Command> {
        SQLite::Statement select = inside_->prepare(select_commands("WHERE name = ?"));
        bind_text(select, 1, name);
        if (!select.executeStep()) return std::nullopt;
        return read_command(inside_->database, select);
    });
}

// The version is that of the view which the open question holds. It tells of others' changes only, so who
// changes something here remembers nothing.
const Command& PolicyStore::Inside::known_command(CommandId id) {
    std::uint32_t now = 0;
    const int told =
        sqlite3_file_control(database.sqlite().getHandle(), "main", SQLITE_FCNTL_DATA_VERSION, &now);
    promise(told == SQLITE_OK, "SQLite tells the version of an open file");
    if (!who.empty() || now != version_of_commands) known_commands.clear();
    version_of_commands = now;
    const auto known = known_commands.find(id);
    if (known != known_commands.end()) return known->second;
    return known_commands.emplace(id, command(id)).first->second;
}

std::optional<GrantDetails> PolicyStore::grant(GrantId id) const {
    return inside_->database.doing("read a grant", [&]() -> std::optional<GrantDetails> {
        auto& kept = inside_->one_grant;
        if (!kept) kept.emplace(inside_->database.sqlite(), select_grants_alone("WHERE grant.id = ?"));
        const Asking select(*kept);
        select->bind(1, number_of(id));
        if (!select->executeStep()) return std::nullopt;
        GrantDetails details = read_grant_alone(inside_->database, *select);
        details.command = inside_->known_command(details.grant.command);
        return details;
    });
}

std::optional<GrantDetails> PolicyStore::grant_of(std::string_view user, std::string_view command) const {
    return inside_->database.doing("read a grant", [&]() -> std::optional<GrantDetails> {
        SQLite::Statement select =
            inside_->prepare(select_grants("WHERE user.name = ? AND command.name = ?"));
        bind_text(select, 1, user);
        bind_text(select, 2, command);
        if (!select.executeStep()) return std::nullopt;
        return read_grant(inside_->database, select);
    });
}

void PolicyStore::each_grant(const std::function<void(const GrantDetails&)>& visit) const {
    inside_->database.doing("read the grants", [&] {
        SQLite::Statement select = inside_->prepare(select_grants("ORDER BY grant.id"));
        while (select.executeStep())
            visit(read_grant(inside_->database, select));
    });
}

std::vector<GrantDetails> PolicyStore::grants_of_user(std::string_view user) const {
    return inside_->database.doing("read the grants", [&]() -> std::vector<GrantDetails> {
        SQLite::Statement select =
            inside_->prepare(select_grants("WHERE user.name = ? ORDER BY command.name"));
        bind_text(select, 1, user);
        std::vector<GrantDetails> grants;
        while (select.executeStep())
            grants.push_back(read_grant(inside_->database, select));
        return grants;
    });
}

std::vector<Change> PolicyStore::changes(std::size_t newest) const {
    return inside_->database.doing("read the changes", [&] {
        SQLite::Statement select =
            inside_->prepare("SELECT id, at, who, what, object, state_before, state_after "
                             "FROM change ORDER BY id DESC LIMIT ?");
        constexpr std::size_t most = std::numeric_limits<std::int64_t>::max();
        select.bind(1, static_cast<std::int64_t>(std::min(newest, most)));
        std::vector<Change> changes;
        while (select.executeStep()) {
            changes.push_back({.id = select.getColumn(0).getInt64(),
                               .at = from_nanoseconds(select.getColumn(1).getInt64()),
                               .who = select.getColumn(2).getString(),
                               .what = select.getColumn(3).getString(),
                               .object = select.getColumn(4).getString(),
                               .before = select.getColumn(5).getString(),
                               .after = select.getColumn(6).getString()});
        }
        return changes;
    });
}

bool PolicyStore::seed_seen(std::string_view seed) const {
    return inside_->database.doing("look up a seed", [&] {
        SQLite::Statement select = inside_->prepare("SELECT 1 FROM enrolment WHERE seed = ?");
        bind_text(select, 1, seed);
        return select.executeStep();
    });
}

bool PolicyStore::image_seen(Algorithm algorithm, const Value& image) const {
    return inside_->database.doing("look up an image", [&] {
        SQLite::Statement select =
            inside_->prepare("SELECT 1 FROM enrolment WHERE algorithm = ? AND image = ?");
        select.bind(1, static_cast<std::int32_t>(algorithm));
        bind_bytes(select, 2, image.view());
        return select.executeStep();
    });
}

bool PolicyStore::key_seen(const std::array<std::uint8_t, 32>& public_key) const {
    return inside_->database.doing("look up a public key", [&] {
        SQLite::Statement select = inside_->prepare("SELECT 1 FROM enrolment WHERE public_key = ?");
        bind_bytes(select, 1, public_key);
        return select.executeStep();
    });
}

} // namespace otk
