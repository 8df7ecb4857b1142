#include "knockd/validate/known_grants.h"

namespace otk {

const std::optional<GrantDetails>& KnownGrants::grant(GrantId id) {
    if (!reading_) {
        reading_.emplace(policy_);
        const std::int64_t version = policy_.version();
        if (version != version_) known_.clear();
        version_ = version;
    }
    if (const auto known = known_.find(id); known != known_.end()) return known->second;
    if (known_.size() >= most) known_.clear();
    return known_.emplace(id, policy_.grant(id)).first->second;
}

} // namespace otk
