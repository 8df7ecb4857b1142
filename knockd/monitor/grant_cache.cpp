#include "knockd/monitor/grant_cache.h"

#include "base/promise.h"

namespace otk {

namespace {

// Some 2 KiB each, so 8 MiB. With more grants than that in use at once it begins anew now and then.
constexpr std::size_t most_known = 4096;

} // namespace

GrantCache::Turn::Turn(GrantCache& cache) : cache_(cache) {
    promise(!cache_.in_turn_, "one turn at a time");
    cache_.in_turn_ = true;
}

GrantCache::Turn::~Turn() {
    cache_.since_.reset();
    cache_.reading_.reset();
    cache_.in_turn_ = false;
}

// Sees to it that nothing is known that is older than the file. A turn that asks for what is known only costs
// no transaction of reading.
void GrantCache::look() {
    if (in_turn_) {
        const auto now = std::chrono::steady_clock::now();
        if (since_ && now - *since_ < lasts) return;
        since_.reset(); // until the file has answered
        reading_.reset();
        compare_version();
        since_ = now;
        return;
    }
    compare_version();
}

void GrantCache::compare_version() {
    const std::int64_t version = policy_.version();
    if (version_ != version) known_.clear();
    version_ = version;
}

GrantCache::Found GrantCache::grant(GrantId id) {
    look();
    const auto known = known_.find(id);
    if (known != known_.end()) return known->second;
    if (in_turn_ && !reading_) {
        reading_.emplace(policy_);
        compare_version(); // before reading: it may be another one since
    }
    if (known_.size() >= most_known) known_.clear();
    auto found = std::make_shared<const std::optional<GrantDetails>>(policy_.grant(id));
    if (*found) known_.emplace(id, found);
    return found;
}

GrantCache::Found GrantCache::grant_or_removed(GrantId id) {
    Found found = grant(id);
    if (*found) return found;
    return std::make_shared<const std::optional<GrantDetails>>(policy_.removed_grant(id));
}

} // namespace otk
