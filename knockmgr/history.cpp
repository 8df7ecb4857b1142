#include "knockmgr/history.h"

#include "base/text.h"
#include "policy/decide.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

std::string end_text(const Row& end) {
    const std::string time = fmt::format("{} ms", end.duration.count());
    switch (end.outcome) {
    case Outcome::none: return "ended";
    case Outcome::exited: return fmt::format("exit {} in {}", end.status, time);
    case Outcome::killed: return fmt::format("killed by signal {} after {}", end.status, time);
    case Outcome::timed_out: return fmt::format("ended by its time limit after {}", time);
    case Outcome::not_started:
        return fmt::format("not started: {}: {}", printable(end.text),
                           std::strerror(static_cast<int>(end.status)));
    case Outcome::refused: return fmt::format("refused: {}", name_of(end.refusal));
    case Outcome::interrupted: return "interrupted";
    }
    return "ended in a way that this version does not know";
}

std::int64_t number(RowNumber row) { return static_cast<std::int64_t>(row); }

bool has_knock(const Row& row) { return !row.value.empty(); }

Json json_of_end(const Happening& happening) {
    if (!happening.end) return {};
    const Row& end = *happening.end;
    return {{"row", number(end.number)},
            {"time", json_time(end.at)},
            {"outcome", name_of(end.kind == RowKind::interrupted ? Outcome::interrupted : end.outcome)},
            {"refusal", end.refusal == Refusal::none ? Json() : Json(name_of(end.refusal))},
            {"status", end.status},
            {"duration_ms", end.duration.count()},
            {"text", end.text}};
}

} // namespace

Happening happening_of(const Ledger& ledger, Row row) {
    Happening happening{std::move(row), std::nullopt, 0};
    if (happening.row.kind != RowKind::accepted) return happening;
    for (Row& about : ledger.rows_about(happening.row.number)) {
        if (about.kind == RowKind::contested) ++happening.contested;
        if (about.kind == RowKind::ended || about.kind == RowKind::interrupted)
            happening.end = std::move(about);
    }
    return happening;
}

std::string outcome_text(const Happening& happening) {
    const Row& row = happening.row;
    switch (row.kind) {
    case RowKind::accepted: {
        std::string text = "running";
        if (happening.end) {
            text = happening.end->kind == RowKind::interrupted ? "interrupted" : end_text(*happening.end);
        }
        return happening.contested > 0 ? text + " (contested)" : text;
    }
    case RowKind::refused: return fmt::format("refused: {}", name_of(row.refusal));
    case RowKind::replay: return fmt::format("replay of row {}", number(row.of));
    case RowKind::late: return "late: a later knock had jumped over it";
    case RowKind::contested: return fmt::format("contested: the knock of row {} came again", number(row.of));
    case RowKind::created: return "the ledger was made";
    case RowKind::started:
        return row.text.empty() ? "knockd started" : "knockd started: " + printable(row.text);
    case RowKind::ended: return fmt::format("row {}: {}", number(row.of), end_text(row));
    case RowKind::interrupted: return fmt::format("row {}: interrupted", number(row.of));
    }
    return "something that this version does not know";
}

std::string remarks_text(const Row& row) {
    std::string text;
    if (row.jumped > 0) text += fmt::format(", jumped over {}", row.jumped);
    if (row.kind == RowKind::accepted && !row.address.empty() && row.address != row.source) {
        text += ", for " + row.address.text();
    }
    return text;
}

std::string source_text(const Row& row) {
    if (row.source.empty()) return "-";
    std::string text = row.source.text() + " (unproven)";
    if (!row.named.empty()) text += ", named " + row.named.text();
    return text;
}

Json json_of(const Happening& happening) {
    const Row& row = happening.row;
    const auto address = [](const Address& which) { return which.empty() ? Json() : Json(which.text()); };
    Json json{{"row", number(row.number)}, {"time", json_time(row.at)}, {"kind", name_of(row.kind)}};
    if (row.of != RowNumber{}) json["of"] = number(row.of);
    if (has_knock(row)) {
        json["user"] = row.user;
        json["command"] = row.command;
        json["carrier"] = name_of(row.carrier);
        json["number"] = row.count;
        json["jumped"] = row.jumped;
        json["value"] = to_hex(row.value.view());
        json["source"] = address(row.source);
        json["source_port"] = row.source_port;
        json["source_proven"] = false;
        json["named"] = address(row.named);
        json["address"] = address(row.address);
    }
    if (row.refusal != Refusal::none) json["refusal"] = name_of(row.refusal);
    if (row.kind == RowKind::accepted) {
        json["contested"] = happening.contested > 0;
        json["end"] = json_of_end(happening);
    }
    json["outcome"] = outcome_text(happening);
    if (!row.text.empty()) json["text"] = row.text;
    return json;
}

} // namespace otk::knockmgr
