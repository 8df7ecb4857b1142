// The grants that knocks are for, as policy.db has them now, without reading each anew: a grant that is used
// again and again costs a look-up.
#pragma once

#include "store/policy_store.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

namespace otk {

class GrantCache {
  public:
    explicit GrantCache(const PolicyStore& policy) : policy_(policy) {} // outlives it

    // Nothing where there is no such grant. Keeps what it says for as long as somebody holds it.
    using Found = std::shared_ptr<const std::optional<GrantDetails>>;
    // The same as PolicyStore::grant() says now: whether the file was changed since is asked each time, or in
    // a Turn each millisecond.
    // Throws Error when it cannot be read.
    [[nodiscard]] Found grant(GrantId id);
    // And where there is none, one that was removed.
    [[nodiscard]] Found grant_or_removed(GrantId id);

    // While one lives, as for a turn of the event loop that hears many messages, the file is asked once in
    // `lasts`, and what is read in that time is read from one state of it. One at a time.
    class Turn {
      public:
        explicit Turn(GrantCache& cache);
        ~Turn();
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

      private:
        GrantCache& cache_;
    };
    static constexpr std::chrono::milliseconds lasts{1};

  private:
    void look();
    void compare_version();

    const PolicyStore& policy_;
    bool in_turn_ = false;
    std::optional<std::chrono::steady_clock::time_point> since_; // of this turn
    std::optional<PolicyStore::Reading> reading_;                // since then, if something was not known
    std::optional<std::int64_t> version_; // of the file that all of these were read from
    std::unordered_map<GrantId, Found> known_;
};

} // namespace otk
