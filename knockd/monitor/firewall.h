// The firewall of this host as far as knockd changes it, in the mode of the configuration (DESIGN 9): doors,
// the guard, and redirections of forwarding doors.
#pragma once

#include "base/clock.h"
#include "config/config.h"
#include "firewall/door_sets.h"
#include "store/guard_file.h"
#include "sys/event_loop.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otk {

class Firewall {
  public:
    // A door that is open, or a redirection (`to` has a port): what is put back when somebody flushed the
    // ruleset.
    struct Standing {
        Door door;            // for a redirection: the user's address and the door's port
        std::uint16_t to = 0; // the local port that it leads to
        Time until{};
    };
    struct Needs {
        std::function<std::vector<Standing>()> standing; // everything that is open now
        std::function<void(const std::string& what)>
            guard_lost; // it was missing and is back; for the alert, the journal has it
        std::function<const GuardRecord::OfPolicy*()> guard_held{}; // see GuardFile::held
    };
    // All outlive it. Throws Error where nfnetlink cannot be had though the mode needs it.
    Firewall(EventLoop& loop, const Clock& clock, const PolicyStore& policy, const Config& config,
             Needs needs);
    ~Firewall();

    // Read again. Where the mode or the names of the sets have changed, what stands open goes along.
    void configure(const Config& config);
    // The policy has changed, or time has passed: arms, confirms, ends or puts back the guard; notices a
    // flushed ruleset at the latest after the second call. Called once a second; troubles go to the journal,
    // once.
    void look_after();

    // Opens for so long from now on; prolongs a door that is open. Returns a remark for the ledger, "" mostly
    // ("the guard is off"). In mode none there is only the list of doors, for those who ask it. Throws Error.
    [[nodiscard]] std::string open(const Door& door, std::chrono::milliseconds how_long);
    void close(const Door& door); // throws Error

    // May forwarding doors be made by redirection here: not in mode none.
    [[nodiscard]] bool can_redirect() const;
    void redirect(const Door& door, std::uint16_t to, std::chrono::milliseconds how_long); // throws Error
    void end_redirect(const Door& door);                                                   // throws Error

    // For status: "armed", "armed until 2026-11-21T12:00:00Z unless confirmed", "off",
    // "not used", and "not known yet" before the first look_after() that came to its end.
    [[nodiscard]] std::string guard_state() const;
    // Whether the guard shall stand now, and whether it does, for who watches; nothing in other modes.
    struct GuardStanding {
        bool wanted = false;
        bool armed = false;
    };
    [[nodiscard]] std::optional<GuardStanding> guard_standing() const;

  private:
    void change_over(const Config& config);

    struct Inside;
    std::unique_ptr<Inside> inside_;
};

} // namespace otk
