// What the monitor does about a spent knock: looks up user, command and grant itself, checks the rules again,
// runs the command, and keeps how it ended until that is in the ledger (DESIGN 7 and 9).
#pragma once

#include "knockd/messages.h"
#include "knockd/monitor/commands.h"
#include "knockd/monitor/mark.h"
#include "knockd/monitor/status.h"
#include "store/policy_store.h"

#include <functional>
#include <map>
#include <string>

namespace otk {

class Actor {
  public:
    // All references outlive it. `send` takes an end to validate; it may be asked for again later.
    Actor(EventLoop& loop, const Clock& clock, const PolicyStore& policy, Mark& mark, Status& status,
          unsigned most_running, std::function<void(const End&)> send);

    // A knock that was spent just now. False when the message breaks its contract: rows only rise, so that a
    // validator that fails or is owned cannot have one knock run twice.
    [[nodiscard]] bool act(const message::Act& act);
    // What became of a knock that was spent before validate was started again.
    // False: it asks for more than can be under way.
    [[nodiscard]] bool asked(const message::Act& act);
    // Validate has started again: what it may not have stored is sent once more.
    void send_again();
    void report(const message::Report& report);
    void stored(const message::Stored& stored);

    [[nodiscard]] Commands& commands() { return commands_; }
    // Every end is in the ledger.
    [[nodiscard]] bool all_stored() const { return unstored_.empty(); }

  private:
    void ended(End end);
    void check_and_run(const message::Act& act);
    [[nodiscard]] std::string label_of(GrantId grant) const;
    void run(const message::Act& act, const GrantDetails& details, const Address& address);

    const Clock& clock_;
    const PolicyStore& policy_;
    Mark& mark_;
    Status& status_;
    std::function<void(const End&)> send_;
    std::map<RowNumber, End> unstored_;
    std::map<RowNumber, std::string> labels_; // of what has not ended yet
    RowNumber newest_{};
    Commands commands_; // last: its end reports to the others
};

} // namespace otk
