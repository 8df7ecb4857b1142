// The validating process at work: hits in, spent knocks out, ends of commands and holds into the ledger
// (DESIGN 7).
#pragma once

#include "base/clock.h"
#include "knockd/journal.h"
#include "knockd/mailbox.h"
#include "knockd/messages.h"
#include "knockd/validate/acceptance.h"
#include "knockd/validate/ends.h"
#include "knockd/validate/hits.h"
#include "knockd/validate/outlet.h"
#include "knockd/validate/releases.h"
#include "knockd/validate/requests.h"
#include "knockd/validate/retention.h"
#include "knockd/validate/server_keys.h"
#include "knockd/validate/sessions.h"
#include "store/ledger.h"
#include "store/policy_store.h"
#include "sys/channel.h"
#include "sys/event_loop.h"

#include <span>
#include <vector>

namespace otk {

class Validator {
  public:
    Validator(const message::ValidateSetup& setup, PolicyStore policy, Ledger ledger, Channel monitor,
              Channel capture);

    // Loads everything; tells the monitor of each hold, then that it is ready, then asks for the ends of open
    // commands; works until the monitor closes its channel. Throws Error.
    void serve();

  private:
    void load();
    void resume();
    void hear_capture();
    void judge();
    void hear_monitor();
    [[nodiscard]] bool hits_wait() const;
    void take_done(const message::Done& done);
    void store_ends();
    void open_doors();
    void load_server_keys();
    void tell_counters();
    void reload_policy();
    void do_requests();
    void prune();
    void send_everything();

    message::ValidateSetup setup_;
    SystemClock clock_;
    PolicyStore policy_;
    Ledger ledger_;
    Channel monitor_;
    Channel capture_;
    Mailbox from_monitor_;
    Mailbox from_capture_;
    Outlet outlet_;
    ServerKeys server_keys_;
    Sessions sessions_; // of dynamic requests
    Book book_;
    Memory memory_;
    Acceptance acceptance_;
    Ends ends_;
    Releases releases_;
    Requests requests_;
    Retention retention_;
    message::ValidateCounters told_;
    unsigned periods_quiet_ = 0; // since then
    std::int64_t policy_version_ = 0;
    std::int64_t policy_change_ = 0;        // number of the newest one that the book agrees with
    std::vector<std::string> key_troubles_; // that were said
    bool requests_due_ = true;
    bool prune_due_ = true;
    // When the newest knock could not be spent; none when it was.
    std::optional<std::chrono::steady_clock::time_point> refused_unspent_;
    Complaint spend_trouble_{"knockd-validate", Priority::error};
    Complaint ends_trouble_{"knockd-validate", Priority::error};
    Complaint doors_trouble_{"knockd-validate"};
    Complaint policy_trouble_{"knockd-validate"};
    Complaint request_trouble_{"knockd-validate"};
    Complaint prune_trouble_{"knockd-validate"};
    Hits hits_;
    EventLoop loop_;
    std::unique_ptr<EventLoop::Timer> every_period_;
    std::unique_ptr<EventLoop::Timer> every_hour_;
};

} // namespace otk
