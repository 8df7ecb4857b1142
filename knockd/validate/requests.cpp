#include "knockd/validate/requests.h"

#include <fmt/format.h>

namespace otk {

namespace {

// From the value to the chain's present image, or why there is no way. The value is a knock that was seen or
// used: the next one must hash to it.
struct Way {
    Count steps = 0;
    std::string refusal;
};

// At most a million steps: a tenth of a second, at an administrator's request.
Way way_to(const Entry& entry, const ChainId& chain, const Value& value, const Memory& memory) {
    if (value.size() != value_size(entry.algorithm))
        return {0, fmt::format("the value is none of a {} chain", name_of(entry.algorithm))};
    if (value == entry.image)
        return {0,
                fmt::format("the chain stands at this value already; its next knock is {}", entry.count - 1)};
    Value walked = value;
    for (Count steps = 1; steps < entry.count; ++steps) {
        walked = step(entry.algorithm, walked);
        if (walked == entry.image) return {steps, {}};
    }
    const Known* known = memory.find(entry.algorithm, value);
    if (known != nullptr && known->chain == chain)
        return {0,
                fmt::format("the value is knock {}, and the chain is further already; its next knock is {}",
                            known->count, entry.count - 1)};
    return {0, "the value does not lead to where the chain stands: it is a knock of another grant or sheet, "
               "or was used long ago"};
}

Row row_of(const Request& request, const std::optional<GrantDetails>& details, Time now) {
    Row row;
    row.at = now;
    row.kind = RowKind::resynced;
    row.grant = request.grant;
    if (details) {
        row.user = details->user.name;
        row.command = details->command.name;
    }
    return row;
}

} // namespace

Requests::Requests(Book& book, Memory& memory, Ledger& ledger, const PolicyStore& policy) :
    book_(book), memory_(memory), ledger_(ledger), policy_(policy), batch_(book, memory, ledger, policy) {}

std::optional<Requests::Answer> Requests::next(std::int64_t loaded, Time now) {
    if (!done_) done_ = ledger_.last_request();
    for (const Request& request : policy_.requests_after(*done_)) {
        if (policy_.version() != loaded) return std::nullopt;
        if (request.kind == Request::Kind::resync) {
            Answer answer = resync(request, now);
            done_ = request.id;
            return answer;
        }
        done_ = request.id; // the monitor's
    }
    return std::nullopt;
}

Requests::Answer Requests::resync(const Request& request, Time now) {
    const auto details = policy_.grant(request.grant);
    const Entry* entry = book_.find(request.grant);
    Way way;
    if (!details)
        way.refusal = "the grant was removed";
    else if (entry == nullptr || book_.mark_of(details->grant.chain) != entry->chain)
        way.refusal = "the grant has no live chain: it was retired, or [accept] algorithms leaves it out";
    else
        way = way_to(*entry, details->grant.chain, request.value, memory_);

    Row row = row_of(request, details, now);
    const std::string asked = fmt::format("by {}, request {}", request.who, request.id);
    Answer answer;
    batch_.begin();
    try {
        if (way.steps > 0) {
            row.chain = details->grant.chain;
            row.algorithm = entry->algorithm;
            row.value = request.value;
            row.count = entry->count - way.steps;
            row.jumped = way.steps - 1;
            row.text = asked;
            const Head head = batch_.append(row);
            // Nobody has used it.
            batch_.advance(*entry, row.chain, way.steps, request.value, entry->last_used);
            const Known known{.kind = Known::Kind::late,
                              .algorithm = row.algorithm,
                              .value = row.value,
                              .row = head.row,
                              .grant = row.grant,
                              .chain = row.chain,
                              .count = row.count,
                              .last_seen = now};
            batch_.remember(known, row.jumped);
            answer.line = fmt::format("{}/{}: the chain was moved forward to knock {} ({})", row.user,
                                      row.command, row.count, asked);
        } else {
            row.text = fmt::format("refused: {}; {}", way.refusal, asked);
            (void)batch_.append(row);
            answer.line = fmt::format("{}/{}: the chain was not moved: {} ({})", row.user, row.command,
                                      way.refusal, asked);
        }
        ledger_.note_request(request.id);
        batch_.commit();
    } catch (...) {
        batch_.roll_back();
        throw;
    }
    answer.watches = batch_.take_watches();
    return answer;
}

} // namespace otk
