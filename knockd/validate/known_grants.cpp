#include "knockd/validate/known_grants.h"

namespace otk {

void KnownGrants::end() {
    compared_ = false;
    reading_.reset();
}

void KnownGrants::compare_version() {
    const std::int64_t version = policy_.version();
    if (version != version_) known_.clear();
    version_ = version;
    compared_ = true;
}

// A knock that comes alone, of a grant that is known, costs no transaction of reading.
const std::optional<GrantDetails>& KnownGrants::grant(GrantId id) {
    if (!compared_) compare_version();
    if (const auto known = known_.find(id); known != known_.end()) return known->second;
    if (!reading_) {
        reading_.emplace(policy_);
        compare_version(); // it may be another one since
    }
    if (known_.size() >= most) known_.clear();
    return known_.emplace(id, policy_.grant(id)).first->second;
}

} // namespace otk
