#include "knockd/validate/loading.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

namespace otk {

namespace {

using What = message::WatchEntry::What;

void forget(const Entry& entry, Book& book, std::vector<message::WatchEntry>& watches) {
    const Entry gone = entry;
    book.remove(gone.grant);
    if (book.find(gone.algorithm, gone.image) != nullptr) return; // another chain still has this image
    watches.push_back({What::remove_image, gone.algorithm, gone.image});
}

bool live(const GrantChain& chain, std::uint8_t algorithms) {
    return (algorithms & bit(chain.algorithm)) != 0 && !chain.retired;
}

Entry as_enrolled(const GrantChain& chain, const Book& book) {
    return {.grant = chain.grant,
            .last_used = {},
            .chain = book.mark_of(chain.chain),
            .count = chain.length,
            .image = chain.image,
            .algorithm = chain.algorithm,
            .enabled = chain.enabled};
}

// One grant as policy.db has it now; nothing: it has no live chain.
void take_over(GrantId grant, const std::optional<GrantChain>& chain, const Ledger& ledger, Book& book,
               std::vector<message::WatchEntry>& watches) {
    const Entry* old = book.find(grant);
    if (old != nullptr && (!chain || old->chain != book.mark_of(chain->chain))) {
        forget(*old, book, watches);
        old = nullptr;
    }
    if (!chain) return;
    if (old != nullptr) {
        if (old->enabled == chain->enabled) return;
        Entry changed = *old;
        changed.enabled = chain->enabled;
        book.put(changed);
        return;
    }
    Entry entry = as_enrolled(*chain, book);
    if (const auto position = ledger.position(chain->chain)) {
        entry.image = position->image;
        entry.count = position->count;
        entry.last_used = position->at;
    }
    book.put(entry);
    watches.push_back({What::add_image, entry.algorithm, entry.image});
}

// Those that were ever used stand where the ledger says, which is read once.
void move_to_positions(const Ledger& ledger, const Book& book, std::deque<Entry>& entries) {
    PlaceIndex by_chain;
    by_chain.add_all(entries.size(), [&entries](PlaceIndex::Position at) {
        return static_cast<std::uint64_t>(entries[at].chain);
    });
    ledger.each_position([&](const Position& position) {
        const ChainMark mark = book.mark_of(position.chain);
        by_chain.search(static_cast<std::uint64_t>(mark), [&](PlaceIndex::Position at) {
            Entry& entry = entries[at];
            if (entry.chain != mark) return false;
            entry.image = position.image;
            entry.count = position.count;
            entry.last_used = position.at;
            return true;
        });
    });
}

} // namespace

void load_chains(const PolicyStore& policy, const Ledger& ledger, std::uint8_t algorithms, Book& book,
                 std::vector<message::WatchEntry>& watches) {
    std::vector<GrantId> present; // in order
    policy.each_chain([&](const GrantChain& chain) {
        if (!live(chain, algorithms)) return;
        present.push_back(chain.grant);
        take_over(chain.grant, chain, ledger, book, watches);
    });
    const auto is_gone = [&present](const Entry& entry) {
        return !std::binary_search(present.begin(), present.end(), entry.grant);
    };
    for (const GrantId gone : book.select(is_gone))
        forget(*book.find(gone), book, watches);
}

// Two passes, one over each database, instead of a question for each chain.
void load_all_chains(const PolicyStore& policy, const Ledger& ledger, std::uint8_t algorithms, Book& book) {
    std::deque<Entry> entries;
    policy.each_chain([&](const GrantChain& chain) {
        if (live(chain, algorithms)) entries.push_back(as_enrolled(chain, book));
    });
    move_to_positions(ledger, book, entries);
    book.fill(std::move(entries));
}

std::int64_t load_changed_chains(const PolicyStore& policy, const Ledger& ledger, std::uint8_t algorithms,
                                 std::int64_t after, Book& book, std::vector<message::WatchEntry>& watches) {
    const ChangedGrants changed = policy.grants_changed_after(after);
    if (changed.all) load_chains(policy, ledger, algorithms, book, watches);
    for (const GrantId grant : changed.grants) {
        std::optional<GrantChain> chain = policy.chain_of(grant);
        if (chain && !live(*chain, algorithms)) chain.reset();
        take_over(grant, chain, ledger, book, watches);
    }
    return changed.newest;
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
        case RowKind::undo:
        case RowKind::not_signed: break; // not spent
        }
    }
}

} // namespace otk
