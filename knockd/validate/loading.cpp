#include "knockd/validate/loading.h"

#include <algorithm>
#include <unordered_set>

namespace otk {

namespace {

using What = message::WatchEntry::What;

void forget(const Entry& entry, Book& book, std::vector<message::WatchEntry>& watches) {
    const Entry gone = entry;
    book.remove(gone.grant);
    if (book.find(gone.algorithm, gone.image) != nullptr) return; // another chain still has this image
    watches.push_back({What::remove_image, gone.algorithm, gone.image});
}

// Its position where it was ever used, else the image it was enrolled with.
Entry entry_of(const Grant& grant, const Ledger& ledger) {
    Entry entry{
        grant.id,      grant.chain, grant.enrolment.algorithm, grant.enrolment.image, grant.enrolment.length,
        grant.enabled, {}};
    if (const auto position = ledger.position(grant.chain)) {
        entry.image = position->image;
        entry.count = position->count;
        entry.last_used = position->at;
    }
    return entry;
}

} // namespace

void load_chains(const PolicyStore& policy, const Ledger& ledger, std::uint8_t algorithms, Book& book,
                 std::vector<message::WatchEntry>& watches) {
    std::unordered_set<GrantId> present;
    policy.each_grant([&](const GrantDetails& details) {
        const Grant& grant = details.grant;
        if (!(algorithms & bit(grant.enrolment.algorithm)) || grant.retired) return;
        present.insert(grant.id);
        const Entry* old = book.find(grant.id);
        if (old != nullptr && old->chain == grant.chain) {
            if (old->enabled == grant.enabled) return;
            Entry changed = *old;
            changed.enabled = grant.enabled;
            book.put(changed);
            return;
        }
        if (old != nullptr) forget(*old, book, watches);
        const Entry entry = entry_of(grant, ledger);
        book.put(entry);
        watches.push_back({What::add_image, entry.algorithm, entry.image});
    });
    for (const GrantId gone :
         book.select([&](const Entry& entry) { return !present.contains(entry.grant); })) {
        forget(*book.find(gone), book, watches);
    }
}

namespace {

Known known_of(const Row& row, Known::Kind kind) {
    return {kind,        row.algorithm, row.value, row.number, row.grant, row.chain, row.count,
            row.carrier, row.source,    row.named, row.at,     {},        false};
}

} // namespace

void load_memory(const Ledger& ledger, Memory& memory) {
    std::vector<Row> rows; // newest first
    ledger.each_recent(Memory::capacity, [&rows](const Row& row) { rows.push_back(row); });
    std::reverse(rows.begin(), rows.end());
    const auto remember = [&memory](const Known& known) { memory.add(known, [](const Known&) {}); };
    for (const Row& row : rows) {
        switch (row.kind) {
        case RowKind::accepted:
        case RowKind::refused:
            each_with_jumped(known_of(row, Known::Kind::spent), row.jumped, remember);
            break;
        case RowKind::resynced: // or not, because the value did not fit: then there is none
            if (!row.value.empty()) each_with_jumped(known_of(row, Known::Kind::late), row.jumped, remember);
            break;
        case RowKind::replay:
        case RowKind::late:
            if (Known* known = memory.find(row.algorithm, row.value)) known->reported = row.at;
            break;
        case RowKind::contested:
            if (Known* known = memory.find(row.algorithm, row.value)) known->contested = true;
            break;
        case RowKind::created:
        case RowKind::ended:
        case RowKind::interrupted:
        case RowKind::started:
        case RowKind::closed:
        case RowKind::undo: break;
        }
    }
}

} // namespace otk
