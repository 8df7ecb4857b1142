#include "knockd/monitor/grant_cache.h"

namespace otk {

namespace {

// Some 2 KiB each, so 8 MiB. With more grants than that in use at once it begins anew now and then.
constexpr std::size_t most_known = 4096;

} // namespace

GrantCache::Found GrantCache::grant(GrantId id) {
    const std::int64_t version =
        policy_.version(); // asked before reading: what is newer than it is read again
    if (version_ != version || known_.size() >= most_known) known_.clear();
    version_ = version;
    const auto known = known_.find(id);
    if (known != known_.end()) return known->second;
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
