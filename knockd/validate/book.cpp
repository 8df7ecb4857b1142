#include "knockd/validate/book.h"

namespace otk {

static_assert(sizeof(Entry) <= 48, "a million of them shall stay small");

// Ids are the policy's own numbers, one after the other, and nobody chooses them: the multiplier (2^64 over
// the golden ratio) spreads them, and the upper half is spread best.
std::uint64_t Book::hash_of(GrantId grant) {
    return (static_cast<std::uint64_t>(grant) * 0x9e3779b97f4a7c15U) >> 32U;
}

void Book::index_image(Position position) {
    by_image_.add(hash_of(entries_[position].image), position,
                  [this](Position at) { return hash_of(entries_[at].image); });
}

void Book::unindex_image(Position position) {
    by_image_.remove(hash_of(entries_[position].image), position,
                     [this](Position at) { return hash_of(entries_[at].image); });
}

void Book::index_grant(Position position) {
    by_grant_.add(hash_of(entries_[position].grant), position,
                  [this](Position at) { return hash_of(entries_[at].grant); });
}

void Book::unindex_grant(Position position) {
    by_grant_.remove(hash_of(entries_[position].grant), position,
                     [this](Position at) { return hash_of(entries_[at].grant); });
}

Book::Position Book::position_of(GrantId grant) const {
    Position found = nowhere;
    by_grant_.search(hash_of(grant), [&](Position position) {
        if (entries_[position].grant == grant) found = position;
        return found != nowhere;
    });
    return found;
}

// A chain at number N has the knocks N-1 to 1 left (RFC 2289: the image of number N is public).
std::size_t* Book::tally_of(const Entry& entry) {
    if (!entry.enabled || entry.count > few_ + 1) return nullptr;
    return entry.count > 1 ? &running_out_.few : &running_out_.none;
}

void Book::count_in(const Entry& entry) {
    if (std::size_t* tally = tally_of(entry)) ++*tally;
}

void Book::count_out(const Entry& entry) {
    if (std::size_t* tally = tally_of(entry)) --*tally;
}

void Book::fill(std::deque<Entry> entries) {
    promise(entries_.empty(), "an empty book is filled");
    entries_ = std::move(entries);
    for (const Entry& entry : entries_)
        count_in(entry);
    by_grant_.add_all(entries_.size(), [this](Position at) { return hash_of(entries_[at].grant); });
    by_image_.add_all(entries_.size(), [this](Position at) { return hash_of(entries_[at].image); });
}

void Book::put(const Entry& entry) {
    count_in(entry);
    const Position position = position_of(entry.grant);
    if (position == nowhere) {
        entries_.push_back(entry);
        const auto last = static_cast<Position>(entries_.size() - 1);
        index_grant(last);
        index_image(last);
        return;
    }
    unindex_image(position);
    count_out(entries_[position]);
    entries_[position] = entry;
    index_image(position);
}

// The last entry takes the place of the one that goes.
void Book::remove(GrantId grant) {
    const Position position = position_of(grant);
    if (position == nowhere) return;
    count_out(entries_[position]);
    unindex_image(position);
    unindex_grant(position);
    const auto last = static_cast<Position>(entries_.size() - 1);
    if (position != last) {
        by_grant_.move(hash_of(entries_[last].grant), last, position);
        by_image_.move(hash_of(entries_[last].image), last, position);
        entries_[position] = entries_[last];
    }
    entries_.pop_back();
}

void Book::advance(GrantId grant, const Value& image, Count count, Time last_used) {
    const Position position = position_of(grant);
    promise(position != nowhere, "a chain that is not in the book was moved");
    unindex_image(position);
    Entry& entry = entries_[position];
    count_out(entry);
    entry.image = image;
    entry.count = count;
    entry.last_used = last_used;
    count_in(entry);
    index_image(position);
}

template <typename Visit>
void Book::each_at(Algorithm algorithm, const Value& image, const Visit& visit) const {
    by_image_.search(hash_of(image), [&](Position position) {
        const Entry& entry = entries_[position];
        return entry.algorithm == algorithm && entry.image == image && visit(entry);
    });
}

// Of several grants with one image an enabled one is found first.
const Entry* Book::find(Algorithm algorithm, const Value& image) const {
    const Entry* best = nullptr;
    each_at(algorithm, image, [&](const Entry& entry) {
        if (best == nullptr || entry.enabled) best = &entry;
        return best->enabled;
    });
    return best;
}

std::vector<GrantId> Book::sharing_image_of(const Entry& entry) const {
    std::vector<GrantId> others;
    if (!entry.enabled) return others;
    each_at(entry.algorithm, entry.image, [&](const Entry& other) {
        if (other.grant != entry.grant && other.enabled) others.push_back(other.grant);
        return false;
    });
    return others;
}

const Entry* Book::find(GrantId grant) const {
    const Position position = position_of(grant);
    return position == nowhere ? nullptr : &entries_[position];
}

void Book::each(const std::function<void(const Entry&)>& visit) const {
    for (const Entry& entry : entries_)
        visit(entry);
}

std::vector<GrantId> Book::select(const std::function<bool(const Entry&)>& wanted) const {
    std::vector<GrantId> grants;
    for (const Entry& entry : entries_) {
        if (wanted(entry)) grants.push_back(entry.grant);
    }
    return grants;
}

} // namespace otk
