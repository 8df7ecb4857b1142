// The sessions that the guard lets live (DESIGN 9): sets of its table. The kernel itself notes what comes
// through a door or is sent from a guarded port, for a time; this keeps the sets equal to what exists.
#pragma once

#include "firewall/netlink.h"
#include "firewall/ruleset.h"
#include "firewall/sessions.h"

#include <cstddef>
#include <map>
#include <set>
#include <vector>

namespace otk {

class SessionSets {
  public:
    // Adds the sessions that exist, without an end, and removes what twice in a row was none: once may be
    // chance. By the plan of the guard that stands; where none does, nothing happens. Blocks for some
    // milliseconds; where very much is to be done it does a part of it, and returns false. Throws Error, also
    // where the sets are full.
    [[nodiscard]] bool settle(const GuardPlan& plan);
    // How many sessions are in the sets.
    [[nodiscard]] std::size_t count();

  private:
    struct Change {
        Session session;
        bool remove = false;
        bool add = false; // with both it loses its end
    };
    using Noted = std::map<Session, bool>; // and whether it has an end
    [[nodiscard]] Noted noted();
    [[nodiscard]] std::vector<Change> wanted_changes(const Noted& before, const std::set<Session>& existing);
    void carry_out(std::vector<Change> changes);

    Netlink netlink_;        // throws Error where nfnetlink cannot be had
    std::set<Session> none_; // noted at the last time, though they did not exist
};

} // namespace otk
