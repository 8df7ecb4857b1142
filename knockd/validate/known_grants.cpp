#include "knockd/validate/known_grants.h"

namespace otk {

// The version is asked for before anything is read: what is read may be newer than it, and then the next
// batch reads once more than it needs. The other way round a change could be missed.
const std::optional<GrantDetails>& KnownGrants::grant(GrantId id) {
    if (!current_) {
        const std::int64_t version = policy_.version();
        if (version != version_) known_.clear();
        version_ = version;
        current_ = true;
    }
    if (const auto known = known_.find(id); known != known_.end()) return known->second;
    if (known_.size() >= most) known_.clear();
    return known_.emplace(id, policy_.grant(id)).first->second;
}

} // namespace otk
