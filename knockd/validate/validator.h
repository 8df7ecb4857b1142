// The validating process at work: hits in, spent knocks out, ends of commands into the ledger (DESIGN 7).
#pragma once

#include "base/clock.h"
#include "knockd/journal.h"
#include "knockd/mailbox.h"
#include "knockd/messages.h"
#include "knockd/validate/acceptance.h"
#include "knockd/validate/ends.h"
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

    // Loads everything, says that it is ready, works until the monitor closes its channel. Throws Error.
    void serve();

  private:
    void load();
    void hear_capture();
    void judge(std::span<const message::Hit> hits);
    void hear_monitor();
    void store_ends();
    void tell_counters();
    void reload_policy();
    void send_everything();
    void send_watches(std::span<const message::WatchEntry> entries, bool complete);
    void ask_for_open_commands();
    void wait_for_room(const Channel& channel);
    template <typename Message>
    void tell_monitor(const Message& message);

    message::ValidateSetup setup_;
    SystemClock clock_;
    PolicyStore policy_;
    Ledger ledger_;
    Channel monitor_;
    Channel capture_;
    Mailbox from_monitor_;
    Mailbox from_capture_;
    Book book_;
    Memory memory_;
    Acceptance acceptance_;
    Ends ends_;
    message::ValidateCounters told_;
    std::int64_t policy_version_ = 0;
    Complaint spend_trouble_{"knockd-validate"};
    Complaint ends_trouble_{"knockd-validate"};
    Complaint policy_trouble_{"knockd-validate"};
    std::vector<message::Hit> hits_;
    EventLoop loop_; // made, like its timer, before the sandbox
    std::unique_ptr<EventLoop::Timer> every_period_;
};

} // namespace otk
