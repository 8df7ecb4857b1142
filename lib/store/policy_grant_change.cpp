// Changes of grants. Each is one transaction, with its row in the change table.

#include "store/columns.h"
#include "store/policy_inside.h"

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::string_view rule_columns =
    "not_before, expires_at, sources, address_rule, named_within, carriers, "
    "hours, time_zone, per_hour, per_day, claims, plain, no_clock, ignore_sequence";
constexpr std::string_view rule_parameters = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?";
constexpr int number_of_rules = 14;
constexpr int number_of_handover = 3;

// Binds the rules to parameters that begin with `first`, in the order of the columns.
void bind_rules(SQLite::Statement& statement, int first, const GrantRules& rules) {
    bind_time(statement, first, rules.not_before);
    bind_time(statement, first + 1, rules.expires_at);
    bind_text(statement, first + 2, to_json(rules.sources).dump());
    bind_text(statement, first + 3, name_of(rules.address));
    bind_text(statement, first + 4, to_json(rules.named_within).dump());
    statement.bind(first + 5, static_cast<std::int32_t>(rules.carriers.bits));
    bind_text(statement, first + 6, json_text(rules.hours));
    bind_text(statement, first + 7, rules.time_zone);
    statement.bind(first + 8, rules.per_hour);
    statement.bind(first + 9, rules.per_day);
    statement.bind(first + 10, static_cast<std::int32_t>(rules.claims));
    statement.bind(first + 11, rules.plain ? 1 : 0);
    statement.bind(first + 12, rules.no_clock ? 1 : 0);
    statement.bind(first + 13, rules.ignore_sequence ? 1 : 0);
}

// To the columns host, form and made_here.
void bind_handover(SQLite::Statement& statement, int first, const Handover& handover) {
    bind_text(statement, first, handover.host);
    bind_text(statement, first + 1, handover.form);
    if (handover.made_here)
        statement.bind(first + 2, *handover.made_here ? 1 : 0);
    else
        statement.bind(first + 2); // NULL
}

} // namespace

std::string name_of(const GrantDetails& details) {
    return fmt::format("{}/{}", details.user.name, details.command.name);
}

std::int64_t PolicyStore::Inside::add_enrolment(const Enrolment& enrolment, const ChainId& chain,
                                                Time at) const {
    SQLite::Statement seed = prepare("SELECT 1 FROM enrolment WHERE seed = ?");
    bind_text(seed, 1, enrolment.seed);
    if (seed.executeStep()) {
        throw Error(
            fmt::format("the seed {} was used on this server before: choose another", enrolment.seed));
    }
    SQLite::Statement image = prepare("SELECT 1 FROM enrolment WHERE algorithm = ? AND image = ?");
    image.bind(1, static_cast<std::int32_t>(enrolment.algorithm));
    bind_bytes(image, 2, enrolment.image.view());
    if (image.executeStep()) {
        throw Error(
            "this chain was enrolled on this server before: choose another seed and make a new token");
    }
    if (enrolment.public_key) {
        SQLite::Statement key = prepare("SELECT 1 FROM enrolment WHERE public_key = ?");
        bind_bytes(key, 1, *enrolment.public_key);
        if (key.executeStep())
            throw Error(
                "this public key was enrolled on this server before: make a new secret and a new token");
    }
    SQLite::Statement insert =
        prepare("INSERT INTO enrolment (chain, algorithm, length, seed, image, public_key, "
                "enrolled) VALUES (?, ?, ?, ?, ?, ?, ?)");
    bind_bytes(insert, 1, chain);
    insert.bind(2, static_cast<std::int32_t>(enrolment.algorithm));
    insert.bind(3, enrolment.length);
    bind_text(insert, 4, enrolment.seed);
    bind_bytes(insert, 5, enrolment.image.view());
    if (enrolment.public_key)
        bind_bytes(insert, 6, *enrolment.public_key);
    else
        insert.bind(6); // NULL
    bind_time(insert, 7, at);
    insert.exec();
    return database.sqlite().getLastInsertRowid();
}

void PolicyStore::Inside::remove_grant(const GrantDetails& details) const {
    SQLite::Statement remove = prepare("DELETE FROM grant WHERE id = ?");
    remove.bind(1, number_of(details.grant.id));
    remove.exec();
    SQLite::Statement keep = prepare(insert_removed_grant());
    keep.bind(1, number_of(details.grant.id));
    bind_time(keep, 2, clock->now());
    keep.bind(3, number_of(details.user.id));
    keep.bind(4, number_of(details.command.id));
    promise(keep.exec() == 1, "a grant that is removed has a user and a command");
    record("grant remove", name_of(details), to_json(details), nullptr, details.grant.id);
}

GrantId PolicyStore::add_grant(const Grant& grant) {
    return inside_->change("add a grant", [&] {
        const User user = inside_->user(grant.user);
        const Command command = inside_->command(grant.command);
        if (grant_of(user.name, command.name)) {
            throw Error(fmt::format("user {} has a grant for {} already: renew it, or remove it first",
                                    user.name, command.name));
        }
        const std::int64_t enrolment = inside_->add_enrolment(grant.enrolment, grant.chain, grant.created);
        SQLite::Statement insert = inside_->prepare(
            fmt::format("INSERT INTO grant (user, command, enabled, enrolment, created, host, "
                        "form, made_here, {}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, {})",
                        rule_columns, rule_parameters));
        insert.bind(1, number_of(grant.user));
        insert.bind(2, number_of(grant.command));
        insert.bind(3, grant.enabled ? 1 : 0);
        insert.bind(4, enrolment);
        bind_time(insert, 5, grant.created);
        bind_handover(insert, 6, grant.handover);
        bind_rules(insert, 6 + number_of_handover, grant.rules);
        insert.exec();
        const GrantId id{inside_->database.sqlite().getLastInsertRowid()};
        const GrantDetails details = inside_->grant(id);
        inside_->record("grant add", name_of(details), nullptr, to_json(details), id);
        return id;
    });
}

void PolicyStore::set_grant_enabled(GrantId id, bool enabled) {
    inside_->change("change a grant", [&] {
        const GrantDetails before = inside_->grant(id);
        SQLite::Statement update = inside_->prepare("UPDATE grant SET enabled = ? WHERE id = ?");
        update.bind(1, enabled ? 1 : 0);
        update.bind(2, number_of(id));
        update.exec();
        inside_->record(enabled ? "grant enable" : "grant disable", name_of(before), to_json(before),
                        to_json(inside_->grant(id)), id);
    });
}

void PolicyStore::set_grant_rules(GrantId id, const GrantRules& rules) {
    inside_->change("change a grant", [&] {
        const GrantDetails before = inside_->grant(id);
        SQLite::Statement update = inside_->prepare(
            fmt::format("UPDATE grant SET ({}) = ({}) WHERE id = ?", rule_columns, rule_parameters));
        bind_rules(update, 1, rules);
        update.bind(number_of_rules + 1, number_of(id));
        update.exec();
        inside_->record("grant set", name_of(before), to_json(before), to_json(inside_->grant(id)), id);
    });
}

void PolicyStore::renew_grant(GrantId id, const Enrolment& enrolment, const ChainId& chain,
                              const Handover& handover) {
    inside_->change("renew a grant", [&] {
        const GrantDetails before = inside_->grant(id);
        const std::int64_t number = inside_->add_enrolment(enrolment, chain, inside_->clock->now());
        SQLite::Statement update = inside_->prepare(
            "UPDATE grant SET enrolment = ?, host = ?, form = ?, made_here = ? WHERE id = ?");
        update.bind(1, number);
        bind_handover(update, 2, handover);
        update.bind(2 + number_of_handover, number_of(id));
        update.exec();
        inside_->record("grant renew", name_of(before), to_json(before), to_json(inside_->grant(id)), id);
    });
}

void PolicyStore::remove_grant(GrantId id) {
    inside_->change("remove a grant", [&] { inside_->remove_grant(inside_->grant(id)); });
}

void PolicyStore::retire_all_chains() {
    inside_->change("retire all chains", [&] {
        const auto oldest = [&] {
            Json json;
            json["oldest_enrolment"] =
                inside_->database.sqlite().execAndGet("SELECT oldest_enrolment FROM meta").getInt64();
            return json;
        };
        const Json before = oldest();
        inside_
            ->prepare("UPDATE meta SET oldest_enrolment = (SELECT coalesce(max(id), 0) + 1 FROM enrolment)")
            .exec();
        inside_->record("restore", "", before, oldest(), all_grants);
    });
}

} // namespace otk
