#include "knockd/validate/batch.h"

#include <utility>

namespace otk {

using What = message::WatchEntry::What;

void Batch::begin() {
    writing_ = false;
    watches_.clear();
    entries_before_.clear();
    known_before_.clear();
    remembered_.clear();
}

Head Batch::append(Row& row) {
    if (!writing_) ledger_.begin();
    writing_ = true;
    return ledger_.append(row);
}

void Batch::advance(const Entry& found, const ChainId& chain, Count steps, const Value& image,
                    Time last_used) {
    const Entry entry = found; // what is found in the book changes with it
    for (const GrantId grant : book_.sharing_image_of(entry)) {
        const Entry& other = *book_.find(grant);
        const auto now = policy_.chain_of(grant);
        // One that was removed or renewed a moment ago has nothing to lose any more.
        if (now && book_.mark_of(now->chain) == other.chain)
            advance_one(other, now->chain, steps, image, last_used);
    }
    advance_one(entry, chain, steps, image, last_used);
    if (book_.find(entry.algorithm, entry.image) == nullptr)
        watches_.push_back({What::remove_image, entry.algorithm, entry.image});
    watches_.push_back({What::add_image, entry.algorithm, image});
}

void Batch::advance_one(const Entry& found, const ChainId& chain, Count steps, const Value& image,
                        Time last_used) {
    const Entry entry = found;
    if (entry.count <= steps) return;
    const Count number = entry.count - steps;
    promise(ledger_.spend(entry.image, {chain, image, number, last_used}),
            "the ledger and its writer disagree on a chain");
    entries_before_.push_back(entry);
    book_.advance(entry.grant, image, number, last_used);
}

void Batch::remember(const Known& newest, Count jumped) {
    each_with_jumped(newest, jumped, [this](const Known& known) {
        const Known* before = memory_.find(known.algorithm, known.value);
        if (before != nullptr)
            will_change(*before);
        else
            remembered_.push_back(known);
        memory_.add(known, [this](const Known& forgotten) {
            watches_.push_back({What::remove_known, forgotten.algorithm, forgotten.value});
        });
        watches_.push_back({What::add_new_known, known.algorithm, known.value});
    });
}

void Batch::commit() {
    if (writing_) ledger_.commit();
}

// What was forgotten to make room stays forgotten, here and in capture: it was the oldest of 65,536.
void Batch::roll_back() {
    if (writing_) ledger_.roll_back();
    for (const Known& known : remembered_)
        memory_.remove(known.algorithm, known.value);
    for (auto before = known_before_.rbegin(); before != known_before_.rend(); ++before) {
        if (Known* known = memory_.find(before->algorithm, before->value)) *known = *before;
    }
    for (auto before = entries_before_.rbegin(); before != entries_before_.rend(); ++before)
        book_.put(*before);
    std::erase_if(watches_,
                  [](const message::WatchEntry& entry) { return entry.what != What::remove_known; });
}

std::vector<message::WatchEntry> Batch::take_watches() { return std::exchange(watches_, {}); }

} // namespace otk
