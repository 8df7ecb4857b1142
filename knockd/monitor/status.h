// The status file that `knockmgr status` shows: written whole about once a second when something changed, and
// else as often as a heartbeat. Its keys are those of store/status_file.h.
#pragma once

#include "base/clock.h"
#include "knockd/journal.h"
#include "knockd/messages.h"
#include "store/status_file.h"
#include "sys/file.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace otk {

struct Status {
    Time started{};
    Time capture_started{};
    Time validate_started{};
    std::optional<message::Acceptance> acceptance; // none: validate has not reported yet
    std::uint64_t grants = 0;                      // live when validate started
    message::CaptureCounters counters;             // since knockd-capture started
    message::ValidateCounters repeated;            // since knockd-validate started
    std::uint64_t accepted = 0;                    // since knockd started, like those below
    std::uint64_t refused = 0;
    std::uint64_t contested = 0;
    std::uint64_t not_started = 0; // commands that could not be started though their knock was spent
    std::uint64_t child_crashes = 0;
    std::uint64_t deaf_ms = 0; // at most, in which packets were not read, because capture had ended
    std::uint64_t floods = 0;  // begun
    std::uint64_t alerts_raised = 0;
    std::uint64_t alerts_held_back = 0;
    std::size_t commands_running = 0; // now, like those below
    std::size_t commands_waiting = 0;
    std::size_t hits_waiting = 0;     // between capture and validate
    std::size_t messages_waiting = 0; // from us to validate
    std::size_t ends_waiting = 0;     // of commands, to be stored in the ledger
    std::size_t alerts_waiting = 0;
    std::size_t doors = 0;              // and undos that wait
    std::uint64_t guard_losses = 0;     // since knockd started
    std::optional<bool> guard_wanted{}; // Firewall::guard_standing()
    std::optional<bool> guard_armed{};
    // Of the newest counters of validate; none before the first ones. Of its former life while it starts.
    std::optional<std::uint64_t> few_left{};
    std::optional<std::uint64_t> exhausted{};
    std::string guard;   // Firewall::guard_state()
    std::string dns;     // as DaemonStatus has it
    std::string silence; // why a helper cannot start, or nothing is heard of it; "" when all is well
    bool flood = false;  // more packets a second than [alerts] flood

    void hear(const message::ValidateCounters& newest);
};

// As knockmgr and the metrics show it.
[[nodiscard]] DaemonStatus as_written(const Status& status);

class StatusFile {
  public:
    explicit StatusFile(std::filesystem::path file) : file_(std::move(file)) {}
    // From now on, the one that is there included. Throws Error.
    void show_to(const Readers& readers);
    // Writes it when it differs from what was written last, or when that is `heartbeat` ago. Failures are
    // told once in the journal.
    void write(const Status& status);
    void remove();

  private:
    std::filesystem::path file_;
    Readers readers_;
    std::string written_; // but for the time
    std::chrono::milliseconds written_at_{};
    Complaint trouble_{"knockd"};
};

} // namespace otk
