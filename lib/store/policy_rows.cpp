#include "store/policy_rows.h"

#include "base/text.h"
#include "store/columns.h"

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::string_view user_columns = "user.id, user.name, user.enabled";
constexpr std::string_view command_columns =
    "command.id, command.name, command.enabled, command.kind, command.argv, command.undo, command.run_as, "
    "command.time_limit, command.hold, command.service, command.prefix4, command.prefix6, command.target, "
    "command.closes, command.argument, command.leave_running";
constexpr std::string_view removed_columns =
    "user, user_name, command, command_name, enabled, kind, argv, undo, run_as, time_limit, hold, service, "
    "prefix4, prefix6, target, closes, argument, leave_running";
constexpr std::string_view grant_columns =
    "grant.id, grant.user, grant.command, grant.enabled, grant.created, grant.not_before, grant.expires_at, "
    "grant.sources, grant.address_rule, grant.named_within, grant.carriers, grant.hours, grant.time_zone, "
    "grant.per_hour, grant.per_day, grant.claims, grant.plain, grant.no_clock, grant.ignore_sequence, "
    "enrolment.chain, enrolment.algorithm, enrolment.length, enrolment.seed, enrolment.image, "
    "enrolment.public_key, enrolment.enrolled, "
    "enrolment.id < (SELECT oldest_enrolment FROM meta), grant.host, grant.form, grant.made_here";
constexpr int first_of_rules = 5;
constexpr int first_of_chain = 19;
constexpr int columns_of_user = 3;
constexpr int first_of_handover = 27;
constexpr int columns_of_grant = 30;

std::optional<Time> read_time(const SQLite::Column& column) {
    if (column.isNull()) return std::nullopt;
    return from_nanoseconds(column.getInt64());
}

// Column of JSON: an array of texts.
std::vector<std::string> read_texts(const Database& database, const SQLite::Column& column) {
    const std::string text = column.getString();
    if (text == "[]") return {};
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_array()) throw database.damaged("a list is no list");
    std::vector<std::string> texts;
    for (const Json& element : json) {
        if (!element.is_string()) throw database.damaged("a list holds something other than text");
        texts.push_back(element.get<std::string>());
    }
    return texts;
}

std::vector<Network> read_networks(const Database& database, const SQLite::Column& column) {
    std::vector<Network> networks;
    for (const std::string& text : read_texts(database, column)) {
        const std::optional<Network> network = Network::parse(text);
        if (!network) throw database.damaged(fmt::format("\"{}\" is no network", printable(text)));
        networks.push_back(*network);
    }
    return networks;
}

std::vector<Hours> read_hours(const Database& database, const SQLite::Column& column) {
    std::vector<Hours> all;
    for (const std::string& text : read_texts(database, column)) {
        const std::optional<Hours> hours = parse_hours(text);
        if (!hours) throw database.damaged(fmt::format("\"{}\" are no hours", printable(text)));
        all.push_back(*hours);
    }
    return all;
}

GrantRules read_rules(const Database& database, SQLite::Statement& row, int first) {
    const std::optional<AddressRule> address = address_rule_named(row.getColumn(first + 3).getString());
    if (!address) throw database.damaged("an address rule is not known");
    return {.not_before = read_time(row.getColumn(first)),
            .expires_at = read_time(row.getColumn(first + 1)),
            .sources = read_networks(database, row.getColumn(first + 2)),
            .address = *address,
            .named_within = read_networks(database, row.getColumn(first + 4)),
            .carriers = Carriers{static_cast<std::uint8_t>(row.getColumn(first + 5).getUInt())},
            .hours = read_hours(database, row.getColumn(first + 6)),
            .time_zone = row.getColumn(first + 7).getString(),
            .per_hour = row.getColumn(first + 8).getUInt(),
            .per_day = row.getColumn(first + 9).getUInt(),
            .claims = static_cast<std::uint8_t>(row.getColumn(first + 10).getUInt()),
            .plain = row.getColumn(first + 11).getInt() != 0,
            .no_clock = row.getColumn(first + 12).getInt() != 0,
            .ignore_sequence = row.getColumn(first + 13).getInt() != 0};
}

Enrolment read_enrolment(const Database& database, SQLite::Statement& row, int first) {
    Enrolment enrolment;
    enrolment.algorithm = static_cast<Algorithm>(row.getColumn(first).getUInt());
    enrolment.length = row.getColumn(first + 1).getUInt();
    enrolment.seed = row.getColumn(first + 2).getString();
    const SQLite::Column image = row.getColumn(first + 3);
    if (bytes_of(image).size() != value_size(enrolment.algorithm))
        throw database.damaged("an image has a wrong size");
    enrolment.image = Value(bytes_of(image));
    const SQLite::Column key = row.getColumn(first + 4);
    if (!key.isNull()) enrolment.public_key = array_of<32>(key);
    return enrolment;
}

Handover read_handover(SQLite::Statement& row, int first) {
    Handover handover{row.getColumn(first).getString(), row.getColumn(first + 1).getString(), std::nullopt};
    const SQLite::Column made_here = row.getColumn(first + 2);
    if (!made_here.isNull()) handover.made_here = made_here.getInt() != 0;
    return handover;
}

Service read_service(const Database& database, const SQLite::Column& column) {
    if (column.isNull()) return {};
    const std::optional<Service> service = parse_service(column.getString());
    if (!service) throw database.damaged("what a command opens is no service");
    return *service;
}

Endpoint read_target(const Database& database, const SQLite::Column& column) {
    if (column.isNull()) return {};
    const std::optional<Endpoint> target = parse_endpoint(column.getString());
    if (!target) throw database.damaged("a forward command leads nowhere");
    return *target;
}

} // namespace

std::string select_users(std::string_view rest) {
    return fmt::format("SELECT {} FROM user {}", user_columns, rest);
}

std::string select_commands(std::string_view rest) {
    return fmt::format("SELECT {} FROM command {}", command_columns, rest);
}

std::string select_grants(std::string_view rest) {
    return fmt::format("SELECT {}, {}, {} FROM grant JOIN enrolment ON enrolment.id = grant.enrolment "
                       "JOIN user ON user.id = grant.user JOIN command ON command.id = grant.command {}",
                       grant_columns, user_columns, command_columns, rest);
}

std::string select_grants_alone(std::string_view rest) {
    return fmt::format("SELECT {}, {} FROM grant JOIN enrolment ON enrolment.id = grant.enrolment "
                       "JOIN user ON user.id = grant.user {}",
                       grant_columns, user_columns, rest);
}

std::string select_removed_grants(std::string_view rest) {
    return fmt::format("SELECT id, {} FROM removed_grant {}", removed_columns, rest);
}

std::string insert_removed_grant() {
    return fmt::format("INSERT INTO removed_grant (id, removed, {}) SELECT ?, ?, user.id, user.name, {} "
                       "FROM user JOIN command WHERE user.id = ? AND command.id = ?",
                       removed_columns, command_columns);
}

User read_user(SQLite::Statement& row, int first) {
    return {.id = UserId{row.getColumn(first).getInt64()},
            .name = row.getColumn(first + 1).getString(),
            .enabled = row.getColumn(first + 2).getInt() != 0};
}

Command read_command(const Database& database, SQLite::Statement& row, int first) {
    const std::optional<CommandKind> kind = command_kind_named(row.getColumn(first + 3).getString());
    if (!kind) throw database.damaged("a command is of a kind that this otk does not know");
    return {.id = CommandId{row.getColumn(first).getInt64()},
            .name = row.getColumn(first + 1).getString(),
            .enabled = row.getColumn(first + 2).getInt() != 0,
            .kind = *kind,
            .argv = read_texts(database, row.getColumn(first + 4)),
            .undo = read_texts(database, row.getColumn(first + 5)),
            .run_as = row.getColumn(first + 6).getString(),
            .argument = row.getColumn(first + 14).getString(),
            .time_limit = std::chrono::seconds(row.getColumn(first + 7).getInt64()),
            .leave_running = row.getColumn(first + 15).getInt() != 0,
            .hold = std::chrono::seconds(row.getColumn(first + 8).getInt64()),
            .service = read_service(database, row.getColumn(first + 9)),
            .prefix4 = static_cast<std::uint8_t>(row.getColumn(first + 10).getUInt()),
            .prefix6 = static_cast<std::uint8_t>(row.getColumn(first + 11).getUInt()),
            .target = read_target(database, row.getColumn(first + 12)),
            .closes = CommandId{row.getColumn(first + 13).getInt64()}}; // NULL is read as 0
}

GrantDetails read_grant_alone(const Database& database, SQLite::Statement& row) {
    GrantDetails details;
    Grant& grant = details.grant;
    grant.id = GrantId{row.getColumn(0).getInt64()};
    grant.user = UserId{row.getColumn(1).getInt64()};
    grant.command = CommandId{row.getColumn(2).getInt64()};
    grant.enabled = row.getColumn(3).getInt() != 0;
    grant.created = from_nanoseconds(row.getColumn(4).getInt64());
    grant.rules = read_rules(database, row, first_of_rules);
    const auto chain = array_of<32>(row.getColumn(first_of_chain));
    if (!chain) throw database.damaged("a chain's id has a wrong size");
    grant.chain = *chain;
    grant.enrolment = read_enrolment(database, row, first_of_chain + 1);
    grant.enrolled = from_nanoseconds(row.getColumn(first_of_handover - 2).getInt64());
    grant.retired = row.getColumn(first_of_handover - 1).getInt() != 0;
    grant.handover = read_handover(row, first_of_handover);
    details.user = read_user(row, columns_of_grant);
    return details;
}

GrantDetails read_grant(const Database& database, SQLite::Statement& row) {
    GrantDetails details = read_grant_alone(database, row);
    details.command = read_command(database, row, columns_of_grant + columns_of_user);
    return details;
}

GrantDetails read_removed_grant(const Database& database, SQLite::Statement& row) {
    GrantDetails details;
    details.user = {
        .id = UserId{row.getColumn(1).getInt64()}, .name = row.getColumn(2).getString(), .enabled = false};
    details.command = read_command(database, row, 3);
    details.grant.id = GrantId{row.getColumn(0).getInt64()};
    details.grant.user = details.user.id;
    details.grant.command = details.command.id;
    details.grant.enabled = false;
    return details;
}

} // namespace otk
