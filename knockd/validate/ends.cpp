#include "knockd/validate/ends.h"

namespace otk {

void Ends::take(const message::Done& done, std::optional<Row> knock) {
    promise(done.output_size <= message::largest_output, "the output of a command is too long");
    ends_.insert_or_assign(done.row, End{done, std::move(knock), {}});
}

void Ends::take(const message::Output& output) {
    const auto end = ends_.find(output.row);
    promise(end != ends_.end() && output.size <= output.bytes.size(), "output of no command");
    std::vector<std::uint8_t>& bytes = end->second.output;
    bytes.insert(bytes.end(), output.bytes.begin(), output.bytes.begin() + output.size);
    promise(bytes.size() <= end->second.done.output_size, "more output than was announced");
}

message::Stored Ends::write(Ledger& ledger, const End& end, Time now) {
    const message::Done& done = end.done;
    // Repeated, because a crash lost the acknowledgement: a command ends once. A row that retention removed
    // had its end.
    if (!ledger.is_open(done.row)) return {.row = done.row, .head = ledger.head()};
    const std::optional<Row> knock = end.knock ? end.knock : ledger.row(done.row);
    promise(knock.has_value(), "a command that has not ended has its row in the ledger");
    Row row;
    row.at = now;
    row.kind = done.outcome == Outcome::interrupted ? RowKind::interrupted : RowKind::ended;
    row.of = done.row;
    row.outcome = done.outcome;
    row.refusal = done.refusal;
    row.status = done.status;
    row.duration = std::chrono::milliseconds{done.duration_ms};
    row.text = done.text.view();
    row.grant = knock->grant;
    row.chain = knock->chain;
    row.user = knock->user;
    row.command = knock->command;
    row.count = knock->count;
    message::Stored stored;
    stored.row = done.row;
    stored.head = ledger.append(row);
    if (done.outcome == Outcome::refused) ledger.not_admitted(knock->grant, knock->at);
    if (!end.output.empty()) ledger.keep_output(stored.head.row, end.output, done.output_truncated);
    return stored;
}

std::vector<message::Stored> Ends::store(Ledger& ledger, Time now) {
    std::vector<message::Stored> stored;
    const bool something =
        std::any_of(ends_.begin(), ends_.end(), [](const auto& each) { return each.second.complete(); });
    if (!something) return stored;
    try {
        ledger.begin();
        for (const auto& [row, end] : ends_) {
            if (end.complete()) stored.push_back(write(ledger, end, now));
        }
        ledger.commit();
    } catch (...) {
        ledger.roll_back();
        throw;
    }
    for (const message::Stored& each : stored)
        ends_.erase(each.row);
    return stored;
}

} // namespace otk
