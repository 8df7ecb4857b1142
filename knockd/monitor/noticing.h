// Which of the things that happen are worth an alert (DESIGN 10).
#pragma once

#include "config/config.h"
#include "knockd/messages.h"
#include "knockd/monitor/alerts.h"
#include "store/policy_store.h"

#include <functional>
#include <optional>
#include <string>

namespace otk {

class Noticing {
  public:
    // Everything worth an alert is handed to `raise`.
    Noticing(const Config& config, std::function<void(const Alert&)> raise);
    void configure(const Config& config) { rules_ = config.alerts; }

    // A knock was accepted, by the monitor too.
    void used(const message::Act& act, const GrantDetails& details, const Address& address, Time now);
    // The monitor refused a knock that validate had accepted.
    void refused(const message::Act& act, const std::optional<GrantDetails>& details, Refusal refusal);
    void reported(const message::Report& report, const std::optional<GrantDetails>& details);
    void interrupted(const std::string& what);
    void child_crashed(const std::string& what);
    void guard_lost(const std::string& what);

  private:
    void chain_runs_out(const message::Act& act, const GrantDetails& details);

    decltype(Config::alerts) rules_;
    std::function<void(const Alert&)> raise_;
};

} // namespace otk
