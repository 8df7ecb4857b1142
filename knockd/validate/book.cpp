#include "knockd/validate/book.h"

namespace otk {

void Book::put(const Entry& entry) {
    remove(entry.grant);
    index(entries_[entry.grant] = entry);
}

void Book::remove(GrantId grant) {
    const auto found = entries_.find(grant);
    if (found == entries_.end()) return;
    unindex(found->second);
    entries_.erase(found);
}

void Book::advance(GrantId grant, const Value& image, Count count, Time last_used) {
    Entry& entry = entries_.at(grant);
    unindex(entry);
    entry.image = image;
    entry.count = count;
    entry.last_used = last_used;
    index(entry);
}

void Book::index(const Entry& entry) { by_image_.emplace(Image{entry.algorithm, entry.image}, entry.grant); }

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

std::vector<GrantId> Book::sharing_image_of(const Entry& entry) const {
    std::vector<GrantId> others;
    if (!entry.enabled) return others;
    const auto [begin, end] = by_image_.equal_range(Image{entry.algorithm, entry.image});
    for (auto each = begin; each != end; ++each) {
        if (each->second != entry.grant && entries_.at(each->second).enabled) others.push_back(each->second);
    }
    return others;
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
