// The guard (DESIGN 9): whether the table inet otk stands in the kernel, and as it should. What to do is the
// administrator's decision in policy.db, and is never taken here.
#pragma once

#include "base/clock.h"
#include "firewall/ruleset.h"
#include "firewall/session_sets.h"
#include "firewall/watch.h"
#include "knockd/journal.h"
#include "store/guard_file.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace otk {

class Guard {
  public:
    struct Needs {
        std::function<std::vector<OpenDoor>()> doors; // those that are open now
        std::function<void(const std::string& what)> lost;
        std::function<const GuardRecord::OfPolicy*()> held; // see GuardFile::held
    };
    // All outlive it.
    Guard(RulesetWatch& watch, const Clock& clock, const PolicyStore& policy,
          std::vector<Network> always_allow, Needs needs);

    void set_always_allow(std::vector<Network> networks) { always_allow_ = std::move(networks); }
    // Does what policy.db and the time say, and puts right what others did. Throws Error; may be called
    // again.
    void look_after();
    // Only the latter; for when the ruleset has changed.
    void check();
    // This knockd no longer keeps a guard.
    void end();

    [[nodiscard]] bool armed() const { return armed_; }
    // By what look_after() read last, and the time: decided on, and a trial is not over.
    [[nodiscard]] bool wanted() const;
    [[nodiscard]] std::string state() const; // see Firewall::guard_state

  private:
    using Steady = std::chrono::steady_clock;
    void read_policy();
    void note_trial();
    void look();
    [[nodiscard]] bool trial_over() const;
    [[nodiscard]] std::optional<std::chrono::milliseconds> trial_left() const;
    void look_for_translation(std::uint32_t generation);
    void arm();
    void note_written();
    void settle_sessions();
    void tell(const std::string& trouble);
    void put_back(const RulesetWatch::Table& found);

    RulesetWatch& watch_;
    const Clock& clock_;
    const PolicyStore& policy_;
    std::vector<Network> always_allow_;
    Needs needs_;

    std::optional<std::int64_t> version_; // of the policy that was read
    bool holding_ = false;                // something of an earlier life was added to it
    GuardDecision decision_;
    GuardedPorts ports_;
    // When the trial ends by a clock that nobody sets; setting the other one must not make it longer.
    Steady::time_point trial_end_;
    bool trial_ended_ = false; // by the kernel: then it is over, whatever a clock says

    bool translation_ = false;
    std::uint32_t translation_at_ = 0; // generation
    unsigned looks_ = 0;

    SessionSets sessions_;
    unsigned looks_at_sessions_ = 0;
    bool settled_ = true; // the last one was not cut short
    Complaint of_sessions_{"knockd"};

    bool clean_ = false; // no guard of an earlier knockd is left
    bool armed_ = false;
    unsigned failures_ = 0;           // in a row
    std::string lost_;                // what had happened to it, until that is told
    GuardPlan plan_;                  // of the guard that is armed
    std::optional<Time> armed_trial_; // likewise
    RulesetWatch::Table table_;       // as it was written
    std::uint32_t checked_ = 0;       // the generation of the ruleset in which it was all right
};

} // namespace otk
