// Whether a helper still works. One that works is heard at least once a second; one that is silent may hang,
// or may have a reason: a disk that does not answer, a long computation. What the kernel says of the process
// tells them apart.
//
// Time is counted in looks, one a second, and not by a clock: when the monitor itself was stopped, or the
// machine asleep, it is nobody's silence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace otk {

// Of /proc/PID/status (proc(5)).
struct ProcessState {
    char state = '?';           // R, S, D, T, t, ...
    std::uint64_t switches = 0; // how often it gave up the processor, or lost it
};
// Nothing when there is no such process.
[[nodiscard]] std::optional<ProcessState> state_of(pid_t pid);
[[nodiscard]] std::optional<ProcessState> parse_process_state(const std::string& text);

class Liveness {
  public:
    // Looks without a word. A process that does nothing all that time hangs or is stopped.
    static constexpr unsigned patience = 10;
    // One that computes without a word is in a loop without end. A million grants are loaded in 3 s; a slow
    // machine may take ten times as long, and may have other work.
    static constexpr unsigned patience_with_work = 120;

    enum class Finding : std::uint8_t {
        well,
        silent, // for `patience` looks, but it computes or waits for a device: this is said once
        hangs,  // to be killed: it does nothing, or computes and will never end
    };
    // Once a second, while the process runs and may be expected to work.
    [[nodiscard]] Finding look(pid_t pid);
    [[nodiscard]] Finding look(const ProcessState& now); // as the kernel shows it; for tests

    // It said something. True: after a silence that was told.
    bool heard();
    // It was started, or another one has its place.
    void begin() { *this = {}; }

    [[nodiscard]] bool silent() const { return told_; }      // a silence was told, and lasts
    [[nodiscard]] unsigned looks() const { return silent_; } // since it was heard
    // Why it is silent, as far as one can see: "waits for a disk or another device".
    [[nodiscard]] std::string why() const;

  private:
    unsigned silent_ = 0;
    unsigned still_ = 0;  // of these the last ones, in which it did nothing
    unsigned worked_ = 0; // of these those in which it computed
    bool told_ = false;
    ProcessState last_;
};

} // namespace otk
