#include "knockd/validate/resuming.h"

#include "request/signed_knock.h"

namespace otk {

std::vector<message::Held> held(const Ledger& ledger) {
    std::vector<message::Held> all;
    for (const Hold& hold : ledger.holds()) {
        message::Held each;
        each.row = hold.row;
        each.grant = hold.grant;
        each.address = hold.address;
        each.port = hold.port;
        each.deadline = to_nanoseconds(hold.deadline);
        each.argument = decltype(each.argument)::of(hold.argument);
        if (const auto knock = ledger.row(hold.row)) {
            each.count = knock->count;
            each.carrier = knock->carrier;
        }
        all.push_back(each);
    }
    return all;
}

namespace {

// What the packet of the knock said is said again: an undo is told the carrier of its knock.
message::Act question(const Row& row, const Ledger& ledger) {
    const bool undo = row.kind == RowKind::undo;
    const Row knock = undo ? ledger.row(row.of).value_or(row) : row;
    message::Act ask;
    ask.ask_only = 1;
    ask.row.row = row.number;
    ask.grant = row.grant;
    ask.count = row.count;
    ask.carrier = knock.carrier;
    ask.source = knock.source;
    ask.named = knock.named;
    ask.address = row.address;
    ask.at = to_nanoseconds(knock.at);
    if (undo) {
        ask.undo = 1;
        ask.hold = row.of;
        // Its hold is gone; what the knock was signed for is in its row.
        if (const auto request = parse_signed_knock(knock.request))
            ask.argument = decltype(ask.argument)::of(request->argument);
    } else if (const auto hold = ledger.hold_of(row.number)) {
        ask.hold = hold->row;
        ask.port = hold->port;
        ask.deadline = to_nanoseconds(hold->deadline);
        ask.argument = decltype(ask.argument)::of(hold->argument);
    }
    return ask;
}

} // namespace

std::vector<message::Act> questions(const Ledger& ledger) {
    std::vector<message::Act> all;
    for (const Row& row : ledger.open_commands())
        all.push_back(question(row, ledger));
    return all;
}

} // namespace otk
