// Questions to policy.db about all grants whose answers are few, or lean: with a million grants, reading each
// with its user, command and rules takes seconds.

#include "store/columns.h"
#include "store/policy_inside.h"

#include <fmt/format.h>

namespace otk {

namespace {

std::size_t count_of(const Database& database, std::string_view of) {
    return static_cast<std::size_t>(
        database.sqlite().execAndGet(fmt::format("SELECT count(*) FROM {}", of)).getInt64());
}

std::vector<GrantDetails> all_of(const Database& database, SQLite::Statement& select) {
    std::vector<GrantDetails> grants;
    while (select.executeStep())
        grants.push_back(read_grant(database, select));
    return grants;
}

} // namespace

PolicyTotals PolicyStore::totals() const {
    return inside_->database.doing("count", [&] {
        return PolicyTotals{.users = count_of(inside_->database, "user"),
                            .commands = count_of(inside_->database, "command"),
                            .grants = count_of(inside_->database, "grant")};
    });
}

std::size_t PolicyStore::enabled_grants() const {
    return inside_->database.doing("count", [&] {
        return count_of(inside_->database,
                        "grant WHERE enabled = 1 AND enrolment >= (SELECT oldest_enrolment FROM meta)");
    });
}

// The + keeps SQLite from walking through all grants for the sake of their order.
std::vector<GrantDetails> PolicyStore::weak_grants() const {
    return inside_->database.doing("read the grants", [&] {
        SQLite::Statement select = inside_->prepare(select_grants(fmt::format(
            "WHERE enrolment.algorithm < {} ORDER BY +grant.id", static_cast<unsigned>(Algorithm::sha256))));
        return all_of(inside_->database, select);
    });
}

std::vector<GrantDetails> PolicyStore::retired_grants() const {
    return inside_->database.doing("read the grants", [&] {
        SQLite::Statement select = inside_->prepare(
            select_grants("WHERE grant.enrolment < (SELECT oldest_enrolment FROM meta) ORDER BY +grant.id"));
        return all_of(inside_->database, select);
    });
}

std::vector<GrantDetails> PolicyStore::grants_with_hours() const {
    return inside_->database.doing("read the grants", [&] {
        SQLite::Statement select =
            inside_->prepare(select_grants("WHERE grant.hours <> '[]' ORDER BY grant.id"));
        return all_of(inside_->database, select);
    });
}

std::vector<GrantDetails> PolicyStore::grants_of_length(Count most) const {
    return inside_->database.doing("read the grants", [&] {
        SQLite::Statement select =
            inside_->prepare(select_grants("WHERE enrolment.length <= ? ORDER BY grant.id"));
        select.bind(1, most);
        return all_of(inside_->database, select);
    });
}

std::optional<GrantDetails> PolicyStore::grant_with(const ChainId& chain) const {
    return inside_->database.doing("read a grant", [&]() -> std::optional<GrantDetails> {
        SQLite::Statement select = inside_->prepare(select_grants("WHERE enrolment.chain = ?"));
        bind_bytes(select, 1, chain);
        if (!select.executeStep()) return std::nullopt;
        return read_grant(inside_->database, select);
    });
}

std::vector<std::string> PolicyStore::users_of(CommandId command) const {
    return inside_->database.doing("read the users", [&] {
        SQLite::Statement select =
            inside_->prepare("SELECT user.name FROM grant JOIN user ON user.id = grant.user "
                             "WHERE grant.command = ? ORDER BY grant.id");
        select.bind(1, number_of(command));
        std::vector<std::string> names;
        while (select.executeStep())
            names.push_back(select.getColumn(0).getString());
        return names;
    });
}

void PolicyStore::each_user(
    const std::function<void(const User&, const std::vector<std::string>&)>& visit) const {
    inside_->database.doing("read the users", [&] {
        SQLite::Statement select =
            inside_->prepare("SELECT user.id, user.name, user.enabled, command.name FROM user "
                             "LEFT JOIN grant ON grant.user = user.id "
                             "LEFT JOIN command ON command.id = grant.command "
                             "ORDER BY user.name, command.name");
        std::optional<User> user;
        std::vector<std::string> commands;
        while (select.executeStep()) {
            User next = read_user(select);
            if (user && user->id != next.id) {
                visit(*user, commands);
                commands.clear();
            }
            user = std::move(next);
            const SQLite::Column command = select.getColumn(3);
            if (!command.isNull()) commands.push_back(command.getString());
        }
        if (user) visit(*user, commands);
    });
}

} // namespace otk
