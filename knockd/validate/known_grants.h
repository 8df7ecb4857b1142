// The grants that knocks are for, as policy.db has them, without reading and decoding them for each knock
// anew.
#pragma once

#include "store/policy_store.h"

#include <cstdint>
#include <optional>
#include <unordered_map>

namespace otk {

class KnownGrants {
  public:
    explicit KnownGrants(const PolicyStore& policy) : policy_(policy) {} // outlives it

    // A new batch of knocks: before the first of them is judged, policy.db is asked whether it has changed,
    // and if so nothing counts that was read before.
    void begin() { end(); }
    void end(); // the batch is judged
    // As policy.db has had it at some time since begin(), and all that had to be read for this batch at the
    // same time; nothing where there is no such grant. Valid until the next call. Throws Error when the
    // policy cannot be read.
    [[nodiscard]] const std::optional<GrantDetails>& grant(GrantId id);

  private:
    // Some 1.5 KiB each: 6 MiB. Where more users knock than that, they are read again now and then.
    static constexpr std::size_t most = 4096;

    void compare_version();

    const PolicyStore& policy_;
    std::unordered_map<GrantId, std::optional<GrantDetails>> known_;
    std::int64_t version_ = 0;                    // of the policy that they were read from
    bool compared_ = false;                       // it is that of this batch
    std::optional<PolicyStore::Reading> reading_; // since the first that was not known
};

} // namespace otk
