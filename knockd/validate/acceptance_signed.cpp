// The part of Acceptance that is about signatures: looks at them, counts those that were in vain, and hands
// over dynamic requests (DESIGN 4 step 3, 5 and 6).
#include "knockd/validate/acceptance.h"
#include "knockd/validate/confirming.h"
#include "knockd/validate/packet_rows.h"

#include <unordered_set>

#include <fmt/format.h>

namespace otk {

// Signatures take long beside all else that is done here, so they are looked at before the first row opens
// the transaction. What an earlier knock of the batch changes is seen when the batch is judged.
std::vector<Acceptance::Look> Acceptance::look_ahead(std::span<const message::Hit> hits,
                                                     std::span<const message::Request> requests,
                                                     const When& when) {
    std::vector<Look> looks(requests.size());
    if (requests.empty()) return looks;
    std::unordered_set<Value, ValueHash> valid; // the next one of such a value is a duplicate
    std::size_t next = 0;
    for (const message::Hit& hit : hits) {
        if (hit.request_size == 0) continue;
        promise(next < requests.size(), "a hit lacks its request");
        Look& look = looks[next];
        const Knock knock{hit, when(hit), bytes_of(requests[next++])};
        if (valid.contains(hit.value) || memory_.find(hit.algorithm, hit.value) != nullptr) continue;
        const Match match = find(hit);
        const GrantDetails* details = match.entry == nullptr ? nullptr : owner_of(*match.entry);
        if (details == nullptr) continue;
        if (attempts_.seen(hit.value, knock.request, knock.now)) continue;
        look_at(look, *match.entry, *details, knock);
        if (look.grant != GrantId{} && look.verified.refusal == Refusal::none) valid.insert(hit.value);
    }
    return looks;
}

// Once, and not when that could change nothing: chains that have met accept nobody, and a value with as many
// looks in vain as there may be gets no other.
void Acceptance::look_at(Look& look, const Entry& entry, const GrantDetails& details, const Knock& knock) {
    if (look.grant == entry.grant || !book_.sharing_image_of(entry).empty()) return;
    if (!attempts_.may_look(knock.hit.value, knock.now)) return;
    look.grant = entry.grant;
    look.verified = verifying_.look_at(knock.request, details, knock.now);
    const bool in_vain = look.verified.refusal != Refusal::none;
    look.attempt = in_vain ? attempts_.add(knock.hit.value, knock.request, knock.now) : 0;
}

// A knock with a request, or a plain one for a grant that demands a signature.
void Acceptance::take_signed(const Match& match, const GrantDetails& details, const Knock& knock,
                             Look* look) {
    const Entry& entry = *match.entry;
    if (!book_.sharing_image_of(entry).empty()) return spend(entry, match.steps, details, knock);

    Refusal why = Refusal::signature_missing;
    unsigned attempt = Attempts::most;
    if (look == nullptr) {
        attempt = attempts_.add(knock.hit.value, {}, knock.now);
    } else {
        const bool again =
            look->grant == GrantId{} && attempts_.seen(knock.hit.value, knock.request, knock.now);
        if (again) return void(++counters_.duplicates);
        look_at(*look, entry, details, knock);
        const bool looked = look->grant == entry.grant;
        if (!looked && attempts_.of(knock.hit.value) < Attempts::most) return not_looked_at();
        why = looked ? look->verified.refusal : Refusal::signature_wrong;
        if (looked) attempt = look->attempt;
    }
    if (why == Refusal::none) {
        message::Hit hit = knock.hit;
        hit.named = look->verified.named;
        return spend(entry, match.steps, details, {hit, knock.now, knock.request, &look->verified});
    }
    if (attempt >= Attempts::most) return spend(entry, match.steps, details, knock, why);
    not_signed(match, details, knock, why);
}

// Others of its value came before it, and what they were could not be written down. It stays valid.
void Acceptance::not_looked_at() {
    ++counters_.lost;
    ++out_.lost;
    out_.trouble = fmt::format("the ledger could not record what came with the same value before; what comes "
                               "with it is looked at again in {} s",
                               Attempts::lost_for.count());
}

// Neither spent nor forgotten: the row is the count.
void Acceptance::not_signed(const Match& match, const GrantDetails& details, const Knock& knock,
                            Refusal why) {
    Row row = row_of_packet(RowKind::not_signed, knock.hit, knock.now);
    row.grant = match.entry->grant;
    row.chain = details.grant.chain;
    row.count = match.entry->count - match.steps;
    row.refusal = why;
    row.user = details.user.name;
    row.command = details.command.name;
    row.request.assign(knock.request.begin(), knock.request.end());

    message::Report report = report_of_packet(message::Report::What::not_signed, knock.hit, knock.now);
    report.row = batch_.append(row);
    report.grant = row.grant;
    report.count = row.count;
    report.refusal = why;
    ++counters_.not_signed;
    out_.reports.push_back(report);
    out_.confirms.push_back(confirm_refusal(row.algorithm, row.value, why));
}

AcceptedRequest& Acceptance::hand_over(const message::Act& act, const Knock& knock, Refusal refusal) {
    OpenedRequest& opened = *knock.valid->dynamic;
    AcceptedRequest request;
    request.refusal = refusal;
    request.act = act;
    request.source = knock.hit.source;
    request.destination = knock.hit.destination;
    request.source_port = knock.hit.source_port;
    request.destination_port = knock.hit.destination_port;
    request.syns = opened.request.syns;
    request.keys = std::move(opened.keys);
    return out_.requests.emplace_back(std::move(request));
}

} // namespace otk
