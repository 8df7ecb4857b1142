// The status file that `knockmgr status` shows: written whole about once a second when something changed. Its
// keys are those of store/status_file.h.
#pragma once

#include "base/clock.h"
#include "knockd/journal.h"
#include "knockd/messages.h"

#include <filesystem>
#include <optional>
#include <string>

namespace otk {

struct Status {
    Time started{};
    std::optional<message::Acceptance> acceptance; // none: validate has not reported yet
    std::uint64_t grants = 0;                      // live when validate started
    message::CaptureCounters counters;             // since knockd-capture started
    message::ValidateCounters repeated;            // since knockd-validate started
    std::uint64_t accepted = 0;                    // since knockd started, like those below
    std::uint64_t refused = 0;
    std::uint64_t contested = 0;
    std::uint64_t child_crashes = 0;
    std::uint64_t alerts_raised = 0;
    std::uint64_t alerts_held_back = 0;
    std::size_t commands_running = 0; // now, like those below
    std::size_t commands_waiting = 0;
    std::size_t doors = 0; // and undos that wait
    std::string guard;     // Firewall::guard_state()
    bool flood = false;    // more packets a second than [alerts] flood
};

class StatusFile {
  public:
    explicit StatusFile(std::filesystem::path file) : file_(std::move(file)) {}
    // Writes it when it differs from what was written last. Failures are told once in the journal.
    void write(const Status& status);
    void remove();

  private:
    std::filesystem::path file_;
    std::string written_;
    Complaint trouble_{"knockd"};
};

} // namespace otk
