#include "knockd/validate/acceptance.h"

#include "knockd/validate/confirming.h"
#include "knockd/validate/packet_rows.h"
#include "otp/door_port.h"

namespace otk {

namespace {

// The same knock again within this time of its acceptance, or of the last one of the series, is a duplicate.
constexpr std::chrono::seconds duplicate_time{60};
// Of the replays of one value the first in this time makes a row.
constexpr std::chrono::hours report_time{24};

message::Report report_of(message::Report::What what, const Known& known, const message::Hit& hit, Time now) {
    message::Report report = report_of_packet(what, hit, now);
    report.grant = known.grant;
    report.count = known.count;
    report.other_source = known.source;
    report.other_named = known.named;
    return report;
}

bool has_rate(const GrantRules& rules) { return rules.per_hour > 0 || rules.per_day > 0; }

// A clock may have been set back: what was seen in its future was not seen lately.
std::chrono::nanoseconds apart(Time one, Time other) { return one > other ? one - other : other - one; }

// Over dns the source is a resolver, and one knock may come through several: it says nothing about who sent
// it. To repeat a knock without its address, or with the sender's own, is what users are told to do.
bool comes_from_elsewhere(const Known& known, const message::Hit& hit) {
    const bool own_name = hit.named == known.source && known.carrier != Carrier::dns;
    const bool other_name = !hit.named.empty() && hit.named != known.named && !own_name;
    if (hit.carrier == Carrier::dns || known.carrier == Carrier::dns) return other_name;
    return other_name || (hit.source.family() == known.source.family() && hit.source != known.source);
}

} // namespace

Acceptance::Acceptance(Book& book, Memory& memory, Ledger& ledger, const PolicyStore& policy,
                       const Settings& settings) :
    book_(book),
    memory_(memory), ledger_(ledger), grants_(policy), settings_(settings),
    verifying_(policy.server_id(), settings.server_keys), attempts_(ledger),
    batch_(book, memory, ledger, policy) {}

Outbox Acceptance::take(std::span<const message::Hit> hits, std::span<const message::Request> requests,
                        const std::function<Time(const message::Hit&)>& when) {
    out_ = {};
    batch_.begin();
    attempts_.begin();
    grants_.begin();
    const message::ValidateCounters before = counters_;
    try {
        std::vector<Look> looks = look_ahead(hits, requests, when); // none for plain knocks alone
        std::size_t next = 0;
        for (const message::Hit& hit : hits) {
            if (hit.request_size == 0) {
                take_one({hit, when(hit), {}}, nullptr);
            } else {
                take_one({hit, when(hit), bytes_of(requests[next])}, &looks[next]);
                ++next;
            }
        }
        batch_.commit();
        attempts_.committed(batch_.has_rows());
        if (counters_.spent > before.spent) ++counters_.commits;
    } catch (const std::exception& error) {
        batch_.roll_back();
        attempts_.roll_back(hits.empty() ? Time{} : when(hits.front()));
        out_ = {};
        out_.lost = hits.size();
        out_.trouble = error.what();
        counters_ = before; // none of it has happened
        counters_.lost += hits.size();
    }
    grants_.end();
    counters_.largest_batch = std::max<std::uint64_t>(counters_.largest_batch, hits.size());
    counters_.signature_checks = verifying_.signature_checks;
    counters_.exchanges = verifying_.exchanges;
    out_.watches = batch_.take_watches();
    return std::move(out_);
}

// Capture is not believed: the value is hashed again here.
Acceptance::Match Acceptance::find(const message::Hit& hit) const {
    Value walked = hit.value;
    for (Count steps = 1; steps <= settings_.window; ++steps) {
        walked = step(hit.algorithm, walked);
        const Entry* entry = book_.find(hit.algorithm, walked);
        if (entry == nullptr) continue;
        // The start of a chain, at count 0, is nobody's knock: the last one is 1.
        return steps < entry->count ? Match{entry, steps} : Match{};
    }
    return {};
}

// Nobody when the grant was removed or renewed a moment ago, and the book was not told yet. Valid until the
// next call.
const GrantDetails* Acceptance::owner_of(const Entry& entry) {
    const std::optional<GrantDetails>& details = grants_.grant(entry.grant);
    return details && book_.mark_of(details->grant.chain) == entry.chain ? &*details : nullptr;
}

void Acceptance::take_one(const Knock& knock, Look* look) {
    const message::Hit& hit = knock.hit;
    if (Known* known = memory_.find(hit.algorithm, hit.value)) return known_again(*known, hit, knock.now);
    const Match match = find(hit);
    const GrantDetails* details = match.entry == nullptr ? nullptr : owner_of(*match.entry);
    if (details == nullptr)
        ++counters_.stale;
    else if (look == nullptr && !demands_signature(details->grant))
        spend(*match.entry, match.steps, *details, knock);
    else
        take_signed(match, *details, knock, look);
}

void Acceptance::known_again(Known& known, const message::Hit& hit, Time now) {
    using What = message::Report::What;
    const bool duplicate = known.kind == Known::Kind::spent && apart(now, known.last_seen) <= duplicate_time;
    const RowKind again = known.kind == Known::Kind::late ? RowKind::late : RowKind::replay;
    if (!duplicate) return record_again(known, again, hit, now);

    ++counters_.duplicates;
    batch_.will_change(known);
    known.last_seen = std::max(known.last_seen, now);
    if (!known.contested && comes_from_elsewhere(known, hit)) {
        known.contested = true;
        record_again(known, RowKind::contested, hit, now);
    } else if (settings_.report_duplicates) {
        out_.reports.push_back(report_of(What::duplicate, known, hit, now));
    }
}

void Acceptance::record_again(Known& known, RowKind kind, const message::Hit& hit, Time now) {
    using What = message::Report::What;
    const bool contested = kind == RowKind::contested;
    const What what = contested ? What::contested : kind == RowKind::late ? What::late : What::replay;
    if (!contested) {
        ++(kind == RowKind::late ? counters_.late : counters_.replays);
        const bool said_lately = known.reported != Time{} && apart(now, known.reported) < report_time;
        if (said_lately) {
            if (settings_.report_duplicates) out_.reports.push_back(report_of(what, known, hit, now));
            return;
        }
        batch_.will_change(known);
        known.reported = now;
    }
    Row row = row_of_packet(kind, hit, now);
    row.of = known.row;
    row.grant = known.grant;
    row.chain = known.chain;
    row.count = known.count;
    if (const auto first = ledger_.row(known.row)) {
        row.user = first->user;
        row.command = first->command;
    }
    message::Report report = report_of(what, known, hit, now);
    report.row = batch_.append(row);
    out_.reports.push_back(report);
}

Decision Acceptance::judge(const Entry& entry, const GrantDetails& details, const Knock& knock) const {
    if (!book_.sharing_image_of(entry).empty()) return {Refusal::same_image_twice, {}};
    const message::Hit& hit = knock.hit;
    KnockFacts facts{.at = knock.now, .carrier = hit.carrier, .source = hit.source, .named = hit.named};
    if (has_rate(details.grant.rules)) {
        const Admitted before = ledger_.admitted(entry.grant, knock.now);
        facts.in_last_hour = before.in_last_hour;
        facts.in_last_day = before.in_last_day;
    }
    if (knock.valid != nullptr) {
        facts.is_signed = true;
        facts.dynamic = knock.valid->dynamic.has_value();
        facts.claimed = knock.valid->claimed;
        facts.clock_skew = settings_.clock_skew;
        facts.argument = knock.valid->argument;
    }
    return decide(details.user, details.command, details.grant.enabled, details.grant.rules, facts);
}

// Step 3 and 4. The order on disk is the order here: chain, row, hold and rate stand in one transaction, and
// what the caller does with the outbox comes after its commit.
void Acceptance::spend(const Entry& found, Count steps, const GrantDetails& details, const Knock& knock,
                       Refusal unsigned_because) {
    const Entry entry = found; // advancing changes what was found
    const message::Hit& hit = knock.hit;
    const ChainId& chain = details.grant.chain;
    const Decision decision =
        unsigned_because == Refusal::none ? judge(entry, details, knock) : Decision{unsigned_because, {}};

    Row row = row_of_packet(decision.allowed() ? RowKind::accepted : RowKind::refused, hit, knock.now);
    row.grant = entry.grant;
    row.chain = chain;
    row.count = entry.count - steps;
    row.jumped = steps - 1;
    row.address = decision.address;
    row.refusal = decision.refusal;
    row.user = details.user.name;
    row.command = details.command.name;
    if (!knock.request.empty()) row.request.assign(knock.request.begin(), knock.request.end());
    const Head head = batch_.append(row);
    batch_.advance(entry, chain, steps, hit.value, knock.now);
    const Known known{.kind = Known::Kind::spent,
                      .algorithm = entry.algorithm,
                      .value = hit.value,
                      .row = head.row,
                      .grant = entry.grant,
                      .chain = chain,
                      .count = row.count,
                      .carrier = hit.carrier,
                      .source = hit.source,
                      .named = hit.named,
                      .last_seen = knock.now};
    batch_.remember(known, row.jumped);
    ++counters_.spent;
    if (decision.allowed())
        accept(known, head, details, decision, entry.last_used, knock);
    else
        refuse(known, head, decision.refusal, knock);
}

namespace {

message::Act act_of(const Known& known, const Head& head, Time last_used, Time now) {
    message::Act act;
    act.row = head;
    act.grant = known.grant;
    act.count = known.count;
    act.carrier = known.carrier;
    act.source = known.source;
    act.named = known.named;
    act.at = to_nanoseconds(now);
    act.last_used = to_nanoseconds(last_used);
    return act;
}

} // namespace

void Acceptance::accept(const Known& known, const Head& head, const GrantDetails& details,
                        const Decision& decision, Time last_used, const Knock& knock) {
    if (has_rate(details.grant.rules)) ledger_.admit(known.grant, knock.now);
    message::Act act = act_of(known, head, last_used, knock.now);
    act.address = decision.address;
    if (knock.valid != nullptr) {
        act.is_signed = 1;
        act.argument = decltype(act.argument)::of(knock.valid->argument);
        if (knock.valid->dynamic) {
            act.stage = message::Act::Stage::waits;
            out_.acts.push_back(act);
            AcceptedRequest& request = hand_over(act, knock, Refusal::none);
            request.ignore_sequence = details.grant.rules.ignore_sequence;
            request.hold = details.command.hold;
            return;
        }
    }
    if (lasts(details.command)) hold(act, known, details, knock.now);
    out_.acts.push_back(act);
}

void Acceptance::hold(message::Act& act, const Known& known, const GrantDetails& details, Time now) {
    if (details.command.kind == CommandKind::forward)
        act.port = door_port(known.value, settings_.forward_ports);
    // Without an address where the door waits for whoever claims it.
    const Hold hold = ledger_.hold({.row = act.row.row,
                                    .grant = known.grant,
                                    .address = act.address,
                                    .port = act.port,
                                    .deadline = now + details.command.hold,
                                    .argument = std::string(act.argument.view())});
    act.hold = hold.row;
    act.deadline = to_nanoseconds(hold.deadline);
}

void Acceptance::refuse(const Known& known, const Head& head, Refusal refusal, const Knock& knock) {
    using What = message::Report::What;
    const What what = refusal == Refusal::same_image_twice ? What::same_image : What::refused;
    message::Report report = report_of(what, known, knock.hit, knock.now);
    report.row = head;
    report.refusal = refusal;
    out_.reports.push_back(report);
    out_.confirms.push_back(confirm_refusal(known.algorithm, known.value, refusal));
    if (knock.valid != nullptr && knock.valid->dynamic)
        (void)hand_over(act_of(known, head, {}, knock.now), knock, refusal);
}

} // namespace otk
