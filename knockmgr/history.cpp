#include "knockmgr/history.h"

#include "base/text.h"
#include "knockmgr/request_view.h"
#include "policy/decide.h"
#include "store/outcome_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

// Did a packet bring it? The value of a resynced row was read out to an administrator.
bool has_knock(const Row& row) { return !row.value.empty() && row.kind != RowKind::resynced; }

bool has_end(const Row& row) { return row.kind == RowKind::accepted || row.kind == RowKind::undo; }

bool is_end(const Row& row) { return row.kind == RowKind::ended || row.kind == RowKind::interrupted; }

bool is_door(const std::optional<Row>& end) { return end && end->outcome == Outcome::opened; }

std::optional<Row> end_of(const Ledger& ledger, RowNumber row) {
    for (Row& about : ledger.rows_about(row)) {
        if (is_end(about)) return std::move(about);
    }
    return std::nullopt;
}

// The hold that the knock of the row began, or, where it prolonged one, that one. A forwarding door is never
// prolonged by a knock other than its own: another knock has another port.
std::optional<Hold> hold_of(const Ledger& ledger, const Happening& knock) {
    if (auto own = ledger.hold_of(knock.row.number)) return own;
    if (!knock.end || knock.end->outcome != Outcome::prolonged) return std::nullopt;
    const std::vector<Hold> holds = ledger.holds();
    const auto same = std::find_if(holds.begin(), holds.end(), [&](const Hold& hold) {
        return hold.grant == knock.row.grant && hold.address == knock.row.address &&
               hold.row < knock.row.number && hold.port == 0;
    });
    return same == holds.end() ? std::nullopt : std::optional(*same);
}

std::string ended(const std::optional<Row>& end) { return end ? how_it_ended(*end) : "running"; }

std::string with_text(const std::string& words, const Row& row) {
    return row.text.empty() ? words : words + ": " + printable(row.text);
}

// Of an accepted knock.
std::string command_text(const Happening& happening) {
    std::string text = ended(happening.end);
    if (happening.hold) text += fmt::format(", until {}", format_utc(happening.hold->deadline));
    return happening.contested > 0 ? text + " (contested)" : text;
}

Json json_of_end(const std::optional<Row>& row) {
    if (!row) return {};
    const Row& end = *row;
    return {{"row", number(end.number)},
            {"time", json_time(end.at)},
            {"outcome", name_of(end.kind == RowKind::interrupted ? Outcome::interrupted : end.outcome)},
            {"refusal", end.refusal == Refusal::none ? Json() : Json(name_of(end.refusal))},
            {"status", end.status},
            {"duration_ms", end.duration.count()},
            {"text", end.text}};
}

Json json_of_hold(const std::optional<Hold>& hold) {
    if (!hold) return {};
    return {{"row", number(hold->row)}, {"until", json_time(hold->deadline)}};
}

Json json_of_over(const Happening& happening) {
    if (!happening.over) return {};
    const Row& over = *happening.over;
    Json json{{"row", number(over.number)},
              {"time", json_time(over.at)},
              {"kind", name_of(over.kind)},
              {"text", over.text}};
    if (over.kind == RowKind::undo) json["end"] = json_of_end(happening.undone);
    return json;
}

Json address_or_null(const Address& address) { return address.empty() ? Json() : Json(address.text()); }

void add_knock(Json& json, const Row& row) {
    json["user"] = row.user;
    json["command"] = row.command;
    json["carrier"] = name_of(row.carrier);
    json["number"] = row.count;
    json["jumped"] = row.jumped;
    json["value"] = to_hex(row.value.view());
    json["source"] = address_or_null(row.source);
    json["source_port"] = row.source_port;
    json["source_proven"] = false;
    json["named"] = address_or_null(row.named);
    json["address"] = address_or_null(row.address);
    add_request(json, row);
}

// Of a row that no packet brought, and that is about a grant.
void add_grant(Json& json, const Row& row) {
    json["user"] = row.user;
    json["command"] = row.command;
    json["number"] = row.count;
    json["address"] = address_or_null(row.address);
}

} // namespace

Happening happening_of(const Ledger& ledger, Row row) {
    Happening happening;
    happening.row = std::move(row);
    if (!has_end(happening.row)) return happening;
    for (Row& about : ledger.rows_about(happening.row.number)) {
        if (about.kind == RowKind::contested) ++happening.contested;
        if (is_end(about)) {
            happening.end = std::move(about);
        } else if (about.kind == RowKind::closed || about.kind == RowKind::undo) {
            happening.over = std::move(about);
        }
    }
    if (happening.row.kind == RowKind::accepted) happening.hold = hold_of(ledger, happening);
    if (happening.over && happening.over->kind == RowKind::undo) {
        happening.undone = end_of(ledger, happening.over->number);
    }
    return happening;
}

std::string outcome_text(const Happening& happening) {
    const Row& row = happening.row;
    switch (row.kind) {
    case RowKind::accepted: return command_text(happening);
    case RowKind::refused: return fmt::format("refused: {}", name_of(row.refusal));
    case RowKind::replay: return fmt::format("replay of row {}", number(row.of));
    case RowKind::late: return "late: a later knock had jumped over it";
    case RowKind::contested: return fmt::format("contested: the knock of row {} came again", number(row.of));
    case RowKind::created: return "the ledger was made";
    case RowKind::started: return with_text("knockd started", row);
    case RowKind::ended:
    case RowKind::interrupted: return fmt::format("row {}: {}", number(row.of), how_it_ended(row));
    case RowKind::closed: return with_text(fmt::format("row {} closed", number(row.of)), row);
    case RowKind::undo:
        return fmt::format("row {} undone: {} ({})", number(row.of), ended(happening.end),
                           printable(row.text));
    case RowKind::not_signed: return fmt::format("not spent: {}", name_of(row.refusal));
    case RowKind::resynced:
        return fmt::format("{} {}", row.count > 0 ? "moved forward" : "not moved forward,",
                           printable(row.text));
    }
    return "something that this version does not know";
}

std::string sequel_text(const Happening& happening, Time now) {
    if (happening.hold && happening.hold->deadline <= now) {
        return fmt::format("its time was over at {}; a running knockd writes that down and undoes what is to "
                           "be undone",
                           format_utc(happening.hold->deadline));
    }
    if (happening.hold) {
        return fmt::format("{} until {}", is_door(happening.end) ? "still open" : "lasts",
                           format_utc(happening.hold->deadline));
    }
    if (!happening.over) return {};
    const Row& over = *happening.over;
    if (over.kind == RowKind::closed) {
        return with_text(fmt::format("closed at {} (row {})", format_utc(over.at), number(over.number)),
                         over);
    }
    return with_text(fmt::format("undone at {} (row {}): {}", format_utc(over.at), number(over.number),
                                 ended(happening.undone)),
                     over);
}

std::string remarks_text(const Row& row) {
    std::string text;
    if (row.jumped > 0) text += fmt::format(", jumped over {}", row.jumped);
    if (row.kind == RowKind::accepted && !row.address.empty() && row.address != row.source) {
        text += ", for " + row.address.text();
    }
    return text + request_remarks(row);
}

std::string carrier_text(const Row& row) { return has_knock(row) ? std::string(name_of(row.carrier)) : "-"; }

std::string source_text(const Row& row) {
    if (row.source.empty()) return "-";
    std::string text = row.source.text() + " (unproven)";
    const bool says_it_again = row.kind == RowKind::accepted && row.named == row.source; // a signed one
    if (!row.named.empty() && !says_it_again) text += ", named " + row.named.text();
    return text;
}

Json json_of(const Happening& happening) {
    const Row& row = happening.row;
    Json json{{"row", number(row.number)}, {"time", json_time(row.at)}, {"kind", name_of(row.kind)}};
    if (row.of != RowNumber{}) json["of"] = number(row.of);
    if (has_knock(row)) {
        add_knock(json, row);
    } else if (!row.user.empty()) {
        add_grant(json, row);
    }
    if (row.kind == RowKind::resynced) json["value"] = to_hex(row.value.view());
    if (row.refusal != Refusal::none) json["refusal"] = name_of(row.refusal);
    if (row.kind == RowKind::accepted) {
        json["contested"] = happening.contested > 0;
        json["hold"] = json_of_hold(happening.hold);
        json["over"] = json_of_over(happening);
    }
    if (has_end(row)) json["end"] = json_of_end(happening.end);
    json["outcome"] = outcome_text(happening);
    if (!row.text.empty()) json["text"] = row.text;
    return json;
}

} // namespace otk::knockmgr
