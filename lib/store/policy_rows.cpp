#include "store/policy_rows.h"

#include "base/text.h"
#include "store/columns.h"

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::string_view user_columns = "user.id, user.name, user.enabled";
constexpr std::string_view command_columns = "command.id, command.name, command.enabled, command.kind, "
                                             "command.argv, command.run_as, command.time_limit";
constexpr std::string_view grant_columns =
    "grant.id, grant.user, grant.command, grant.enabled, grant.not_before, grant.expires_at, grant.sources, "
    "grant.address_rule, grant.named_within, grant.carriers, grant.created, enrolment.chain, "
    "enrolment.algorithm, "
    "enrolment.length, enrolment.seed, enrolment.image, enrolment.public_key, "
    "enrolment.id < (SELECT oldest_enrolment FROM meta)";
constexpr int columns_of_user = 3;
constexpr int columns_of_grant = 18;

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

GrantRules read_rules(const Database& database, SQLite::Statement& row, int first) {
    const std::optional<AddressRule> address = address_rule_named(row.getColumn(first + 3).getString());
    if (!address) throw database.damaged("an address rule is not known");
    return {.not_before = read_time(row.getColumn(first)),
            .expires_at = read_time(row.getColumn(first + 1)),
            .sources = read_networks(database, row.getColumn(first + 2)),
            .address = *address,
            .named_within = read_networks(database, row.getColumn(first + 4)),
            .carriers = Carriers{static_cast<std::uint8_t>(row.getColumn(first + 5).getUInt())}};
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

Json time_json(const std::optional<Time>& time) {
    return time ? Json(format_utc(*time, true)) : Json(nullptr);
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
            .run_as = row.getColumn(first + 5).getString(),
            .time_limit = std::chrono::seconds(row.getColumn(first + 6).getInt64())};
}

GrantDetails read_grant(const Database& database, SQLite::Statement& row) {
    GrantDetails details;
    Grant& grant = details.grant;
    grant.id = GrantId{row.getColumn(0).getInt64()};
    grant.user = UserId{row.getColumn(1).getInt64()};
    grant.command = CommandId{row.getColumn(2).getInt64()};
    grant.enabled = row.getColumn(3).getInt() != 0;
    grant.rules = read_rules(database, row, 4);
    grant.created = from_nanoseconds(row.getColumn(10).getInt64());
    const auto chain = array_of<32>(row.getColumn(11));
    if (!chain) throw database.damaged("a chain's id has a wrong size");
    grant.chain = *chain;
    grant.enrolment = read_enrolment(database, row, 12);
    grant.retired = row.getColumn(17).getInt() != 0;
    details.user = read_user(row, columns_of_grant);
    details.command = read_command(database, row, columns_of_grant + columns_of_user);
    return details;
}

Json to_json(const User& user) { return {{"name", user.name}, {"enabled", user.enabled}}; }

Json to_json(const Command& command) {
    return {{"name", command.name}, {"enabled", command.enabled}, {"kind", name_of(command.kind)},
            {"argv", command.argv}, {"run_as", command.run_as},   {"time_limit", command.time_limit.count()}};
}

Json to_json(const std::vector<Network>& networks) {
    Json json = Json::array();
    for (const Network& network : networks)
        json.push_back(network.text());
    return json;
}

Json to_json(const GrantDetails& details) {
    const Grant& grant = details.grant;
    const Enrolment& enrolment = grant.enrolment;
    Json key = nullptr;
    if (enrolment.public_key) key = to_hex(*enrolment.public_key);
    return {{"user", details.user.name},
            {"command", details.command.name},
            {"enabled", grant.enabled},
            {"algorithm", name_of(enrolment.algorithm)},
            {"length", enrolment.length},
            {"seed", enrolment.seed},
            {"image", to_hex(enrolment.image.view())},
            {"public_key", key},
            {"not_before", time_json(grant.rules.not_before)},
            {"expires_at", time_json(grant.rules.expires_at)},
            {"sources", to_json(grant.rules.sources)},
            {"address", name_of(grant.rules.address)},
            {"named_within", to_json(grant.rules.named_within)},
            {"carriers", format_carriers(grant.rules.carriers)}};
}

std::string json_text(const Json& json, std::string_view what) {
    try {
        return json.dump();
    } catch (const Json::type_error&) {
        throw Error(fmt::format(
            "{} holds bytes that are not UTF-8, which cannot be stored: write it in UTF-8", what));
    }
}

} // namespace otk
