// Notices what an administrator has changed, and what he asks for (DESIGN 8 and 10): "at once" is within a
// quarter of a second.
#pragma once

#include "knockd/journal.h"
#include "knockd/monitor/actor.h"
#include "store/policy_store.h"

#include <cstdint>
#include <optional>

namespace otk {

class PolicyWatch {
  public:
    PolicyWatch(const PolicyStore& policy, Actor& actor) :
        policy_(policy), actor_(actor) {} // both outlive it

    // Root's reading also puts in order what a killed knockmgr left behind; only then can validate read on.
    // Troubles are told once in the journal.
    void look();
    // All requests once more: the holds of the ledger have come since.
    void look_again();

  private:
    void take_requests();

    const PolicyStore& policy_;
    Actor& actor_;
    std::optional<std::int64_t> version_;
    std::int64_t request_ = 0;        // the newest that was taken
    std::optional<std::int64_t> old_; // the newest that was there when we started
    Complaint trouble_{"knockd"};
};

} // namespace otk
