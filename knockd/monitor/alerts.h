// Alerts (DESIGN 10): a configured argv is run, like a command, when something happens that an administrator
// wants to be told. Limited in number; what was held back is counted and said.
#pragma once

#include "base/clock.h"
#include "config/config.h"
#include "net/address.h"
#include "net/knock.h"
#include "sys/event_loop.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace otk {

enum class AlertKind : std::uint8_t {
    used,
    replay,
    late,
    contested,
    refused,
    silence,        // used after a long time
    few_left,       // knocks
    exhausted,      // the last knock was used
    old_passphrase, // the chain was enrolled long ago
    interrupted,
    flood_begun,
    flood_ended,
    child_crashed,
    guard_lost,
};
[[nodiscard]] std::string_view name_of(AlertKind kind); // "few-left"
[[nodiscard]] std::optional<AlertKind> alert_kind_named(std::string_view name);

struct Alert {
    AlertKind kind{};
    std::string user; // "" where it is nobody's
    std::string command;
    std::optional<Carrier> carrier{};
    Address source{};  // what the packet claims
    Address address{}; // what the command acts on
    std::string text;  // one line for people
};

class Alerts {
  public:
    // Loop and clock outlive it. `groups`: how the names of the programs' cgroups begin, and those of nobody
    // else: alerts are numbered by themselves.
    Alerts(EventLoop& loop, const Clock& clock, const Config& config, const std::string& groups = "command-");
    ~Alerts();                            // what runs is killed; what waits is dropped
    void configure(const Config& config); // read again

    // Runs the configured argv, unless this kind is not wanted or the limits hold it back (alert_limits.h).
    // At most 2 run at once, each for 30 s, and 64 wait, or 128 before a contested one. What one has started
    // may go on when it has ended with exit code 0, as a mailer does that delivers behind its caller. Never
    // throws: what cannot be run is told in the journal. Whole-argument tokens {alert} {user} {command}
    // {carrier} {source} {address} {text} {held_back}, and OTK_ALERT, OTK_... in the environment; control
    // characters of a text are shown as \xNN.
    void raise(const Alert& alert);

    // Once a minute, while alerts are held back: runs the newest of them if the limits let it pass now, so
    // that their number is said though nothing else happens. Called by a timer of its own.
    void say_what_was_held_back();

    [[nodiscard]] bool child_ended(pid_t pid, int wait_status); // false: not one of these
    [[nodiscard]] std::uint64_t raised() const;                 // handed to the program, since knockd started
    [[nodiscard]] std::uint64_t held_back() const;
    [[nodiscard]] std::size_t waiting() const; // for one that runs to end

  private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

} // namespace otk
