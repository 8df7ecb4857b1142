#include "knockd/validate/acceptance.h"

namespace otk {

namespace {

// The same knock again within this time of its acceptance, or of the last one of the series, is a duplicate.
constexpr std::chrono::seconds duplicate_time{60};
// Of the replays of one value the first in this time makes a row.
constexpr std::chrono::hours report_time{24};

using message::WatchEntry;

WatchEntry watch(WatchEntry::What what, Algorithm algorithm, const Value& value) {
    return {what, algorithm, value};
}

Row row_of_packet(RowKind kind, const message::Hit& hit, Time now) {
    Row row;
    row.at = now;
    row.kind = kind;
    row.algorithm = hit.algorithm;
    row.value = hit.value;
    row.carrier = hit.carrier;
    row.source = hit.source;
    row.source_port = hit.source_port;
    row.named = hit.named;
    return row;
}

message::Report report_of(message::Report::What what, const Known& known, const message::Hit& hit, Time now) {
    message::Report report;
    report.what = what;
    report.grant = known.grant;
    report.count = known.count;
    report.carrier = hit.carrier;
    report.source = hit.source;
    report.named = hit.named;
    report.other_source = known.source;
    report.other_named = known.named;
    report.at = to_nanoseconds(now);
    return report;
}

// Over dns the source is a resolver, and one knock may come through several: it says nothing about who sent
// it. To repeat a knock without its address, or with the sender's own, is what users are told to do.
bool comes_from_elsewhere(const Known& known, const message::Hit& hit) {
    const bool own_name = hit.named == known.source && known.carrier != Carrier::dns;
    const bool other_name = !hit.named.empty() && hit.named != known.named && !own_name;
    if (hit.carrier == Carrier::dns || known.carrier == Carrier::dns) return other_name;
    return other_name || (hit.source.family() == known.source.family() && hit.source != known.source);
}

} // namespace

Acceptance::Acceptance(Book& book, Memory& memory, Ledger& ledger, const PolicyStore& policy, unsigned window,
                       bool report_duplicates) :
    book_(book),
    memory_(memory), ledger_(ledger), policy_(policy), window_(window),
    report_duplicates_(report_duplicates) {}

Outbox Acceptance::take(std::span<const message::Hit> hits,
                        const std::function<Time(const message::Hit&)>& when) {
    out_ = {};
    writing_ = false;
    entries_before_.clear();
    known_before_.clear();
    remembered_.clear();
    try {
        for (const message::Hit& hit : hits)
            take_one(hit, when(hit));
        if (writing_) ledger_.commit();
    } catch (const std::exception& error) {
        undo();
        out_.lost = hits.size();
        out_.trouble = error.what();
        counters_.lost += hits.size();
    }
    return std::move(out_);
}

// Capture is not believed: the value is hashed again here.
Acceptance::Match Acceptance::find(const message::Hit& hit) const {
    Value walked = hit.value;
    for (Count steps = 1; steps <= window_; ++steps) {
        walked = step(hit.algorithm, walked);
        const Entry* entry = book_.find(hit.algorithm, walked);
        if (entry == nullptr) continue;
        // The start of a chain, at count 0, is nobody's knock: the last one is 1.
        return steps < entry->count ? Match{entry, steps} : Match{};
    }
    return {};
}

void Acceptance::take_one(const message::Hit& hit, Time now) {
    if (Known* known = memory_.find(hit.algorithm, hit.value)) return known_again(*known, hit, now);
    const Match match = find(hit);
    if (match.entry != nullptr) spend(*match.entry, match.steps, hit, now);
}

void Acceptance::known_again(Known& known, const message::Hit& hit, Time now) {
    using What = message::Report::What;
    const bool duplicate = known.kind == Known::Kind::spent && now - known.last_seen <= duplicate_time;
    const RowKind again = known.kind == Known::Kind::late ? RowKind::late : RowKind::replay;
    if (!duplicate) return record_again(known, again, hit, now);

    ++counters_.duplicates;
    known_before_.push_back(known);
    known.last_seen = std::max(known.last_seen, now);
    if (!known.contested && comes_from_elsewhere(known, hit)) {
        known.contested = true;
        record_again(known, RowKind::contested, hit, now);
    } else if (report_duplicates_) {
        out_.reports.push_back(report_of(What::duplicate, known, hit, now));
    }
}

void Acceptance::record_again(Known& known, RowKind kind, const message::Hit& hit, Time now) {
    using What = message::Report::What;
    const bool contested = kind == RowKind::contested;
    const What what = contested ? What::contested : kind == RowKind::late ? What::late : What::replay;
    if (!contested) {
        ++(kind == RowKind::late ? counters_.late : counters_.replays);
        const bool said_lately = known.reported != Time{} && now - known.reported < report_time;
        if (said_lately) {
            if (report_duplicates_) out_.reports.push_back(report_of(what, known, hit, now));
            return;
        }
        known_before_.push_back(known);
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
    write(row, report.row);
    out_.reports.push_back(report);
}

Decision Acceptance::judge(const Entry& entry, const message::Hit& hit, Row& row) const {
    const auto details = policy_.grant(entry.grant);
    if (!details) return {Refusal::no_such_grant, {}};
    row.user = details->user.name;
    row.command = details->command.name;
    if (!book_.sharing_image_of(entry).empty()) return {Refusal::same_image_twice, {}};
    const KnockFacts facts{row.at, hit.carrier, hit.source, hit.named};
    return decide(details->user, details->command, details->grant.enabled, details->grant.rules, facts);
}

// Step 3 and 4. The order on disk is the order here: chain and row stand in one transaction, and what the
// caller does with the outbox comes after its commit.
void Acceptance::spend(const Entry& found, Count steps, const message::Hit& hit, Time now) {
    const Entry entry = found; // advancing changes what was found
    const Count number = entry.count - steps;

    Row row = row_of_packet(RowKind::accepted, hit, now);
    row.grant = entry.grant;
    row.chain = entry.chain;
    row.count = number;
    row.jumped = steps - 1;
    const Decision decision = judge(entry, hit, row);
    row.address = decision.address;
    row.refusal = decision.refusal;
    if (!decision.allowed()) row.kind = RowKind::refused;

    Head head;
    write(row, head);
    // Chains that have met go on together, so that none of them accepts before an administrator has parted
    // them.
    for (const GrantId other : book_.sharing_image_of(entry))
        advance(*book_.find(other), steps, hit.value);
    advance(entry, steps, hit.value);
    if (book_.find(entry.algorithm, entry.image) == nullptr) {
        out_.watches.push_back(watch(WatchEntry::What::remove_image, entry.algorithm, entry.image));
    }
    out_.watches.push_back(watch(WatchEntry::What::add_image, entry.algorithm, hit.value));

    Known known{Known::Kind::spent, entry.algorithm, hit.value, head.row, entry.grant, entry.chain, number,
                hit.carrier,        hit.source,      hit.named, now,      {},          false};
    remember(known);
    known.kind = Known::Kind::late;
    for (Count jumped = 1; jumped < steps; ++jumped) {
        known.value = step(entry.algorithm, known.value);
        known.count = number + jumped;
        remember(known);
    }

    if (decision.allowed()) {
        message::Act act;
        act.row = head;
        act.grant = entry.grant;
        act.count = number;
        act.carrier = hit.carrier;
        act.source = hit.source;
        act.named = hit.named;
        act.address = decision.address;
        act.at = to_nanoseconds(now);
        out_.acts.push_back(act);
    } else {
        const auto what = decision.refusal == Refusal::same_image_twice ? message::Report::What::same_image
                                                                        : message::Report::What::refused;
        message::Report report = report_of(what, known, hit, now);
        report.count = number;
        report.row = head;
        report.refusal = decision.refusal;
        out_.reports.push_back(report);
    }
}

void Acceptance::advance(const Entry& found, Count steps, const Value& image) {
    const Entry entry = found; // what is found in the book changes with it
    if (entry.count <= steps) return;
    const Count number = entry.count - steps;
    promise(ledger_.spend(entry.image, {entry.chain, image, number}),
            "the ledger and its writer disagree on a chain");
    entries_before_.push_back(entry);
    book_.advance(entry.grant, image, number);
}

void Acceptance::remember(const Known& known) {
    memory_.add(known, [this](const Known& forgotten) {
        out_.watches.push_back(watch(WatchEntry::What::remove_known, forgotten.algorithm, forgotten.value));
    });
    remembered_.push_back(known);
    out_.watches.push_back(watch(WatchEntry::What::add_known, known.algorithm, known.value));
}

void Acceptance::write(Row& row, Head& head) {
    if (!writing_) ledger_.begin();
    writing_ = true;
    head = ledger_.append(row);
}

// What was forgotten to make room stays forgotten, here and in capture: it was the oldest of 65,536.
void Acceptance::undo() {
    if (writing_) ledger_.roll_back();
    for (const Known& known : remembered_)
        memory_.remove(known.algorithm, known.value);
    for (auto before = known_before_.rbegin(); before != known_before_.rend(); ++before) {
        if (Known* known = memory_.find(before->algorithm, before->value)) *known = *before;
    }
    for (auto before = entries_before_.rbegin(); before != entries_before_.rend(); ++before)
        book_.put(*before);
    std::erase_if(out_.watches,
                  [](const WatchEntry& entry) { return entry.what != WatchEntry::What::remove_known; });
    out_.acts.clear();
    out_.reports.clear();
}

} // namespace otk
