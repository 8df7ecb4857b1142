#include "knockd/validate/book.h"

namespace otk {

void Book::put(const Entry& entry) {
    remove(entry.grant);
    Entry& kept = entries_[entry.grant] = entry;
    index(kept);
}

void Book::remove(GrantId grant) {
    const auto found = entries_.find(grant);
    if (found == entries_.end()) return;
    unindex(found->second);
    entries_.erase(found);
}

void Book::advance(GrantId grant, const Value& image, Count count) {
    Entry& entry = entries_.at(grant);
    unindex(entry);
    entry.image = image;
    entry.count = count;
    index(entry);
}

// Policy refuses an image that was ever seen, so two chains can only meet by accident (or by a hash broken).
// Then both are marked, and stay so until one of them is renewed or removed.
void Book::index(Entry& entry) {
    const Image image{entry.algorithm, entry.image};
    entry.same_image = false;
    const auto [begin, end] = by_image_.equal_range(image);
    for (auto each = begin; each != end; ++each) {
        Entry& other = entries_.at(each->second);
        if (!entry.enabled || !other.enabled) continue;
        entry.same_image = other.same_image = true;
    }
    by_image_.emplace(image, entry.grant);
}

void Book::unindex(const Entry& entry) {
    const auto [begin, end] = by_image_.equal_range(Image{entry.algorithm, entry.image});
    for (auto each = begin; each != end; ++each) {
        if (each->second != entry.grant) continue;
        by_image_.erase(each);
        return;
    }
}

// Of several grants with one image an enabled one is found first.
const Entry* Book::find(Algorithm algorithm, const Value& image) const {
    const Entry* best = nullptr;
    const auto [begin, end] = by_image_.equal_range(Image{algorithm, image});
    for (auto each = begin; each != end; ++each) {
        const Entry& entry = entries_.at(each->second);
        if (best == nullptr || entry.enabled) best = &entry;
    }
    return best;
}

const Entry* Book::find(GrantId grant) const {
    const auto found = entries_.find(grant);
    return found == entries_.end() ? nullptr : &found->second;
}

void Book::each(const std::function<void(const Entry&)>& visit) const {
    for (const auto& [grant, entry] : entries_)
        visit(entry);
}

std::vector<GrantId> Book::select(const std::function<bool(const Entry&)>& wanted) const {
    std::vector<GrantId> grants;
    for (const auto& [grant, entry] : entries_) {
        if (wanted(entry)) grants.push_back(grant);
    }
    return grants;
}

} // namespace otk
