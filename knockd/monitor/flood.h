// Tells when strangers begin to send many packets that are no knock, and when they have stopped (DESIGN 10).
#pragma once

#include "knockd/messages.h"
#include "knockd/monitor/alerts.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace otk {

class Flood {
  public:
    explicit Flood(const Config& config) { configure(config); }
    void configure(const Config& config) { limit_ = config.alerts.flood; } // read again

    // Once a second, with capture's running totals: they begin anew when capture was started again. It has
    // begun when more packets a second than the limit were no knock, on average over 2 s, and ended when
    // there were fewer than half of that for 10 s. Noise, what cannot be read, known values that come again,
    // and what the kernel had to drop unread: all of it keeps knocks from getting through. An alert when one
    // of these happened; its text has the rates of each.
    [[nodiscard]] std::optional<Alert> look(const message::CaptureCounters& totals, Time now);
    [[nodiscard]] bool on() const { return on_; }

  private:
    // What came between two looks, or more of them.
    struct Arrived {
        std::uint64_t noise = 0;
        std::uint64_t malformed = 0;
        std::uint64_t repeats = 0;    // known values that were not reported one by one
        std::uint64_t lost = 0;       // dropped by the kernel
        std::uint64_t unanswered = 0; // DNS questions; they are noise, too
        std::uint64_t switches = 0;   // to reading in blocks
        double seconds = 0;           // how long it took
        [[nodiscard]] std::uint64_t no_knock() const { return noise + malformed + repeats + lost; }
        void add(const Arrived& more);
    };
    [[nodiscard]] Arrived since_last(const message::CaptureCounters& totals, Time now);
    [[nodiscard]] Alert begun(const Arrived& lately, double rate);
    [[nodiscard]] Alert ended();
    [[nodiscard]] static std::string parts_of(const Arrived& arrived, double divisor);

    std::uint32_t limit_ = 0;
    message::CaptureCounters last_;
    std::optional<Time> looked_;   // nothing before the first look
    Arrived before_{.seconds = 1}; // the second before this one
    bool on_ = false;
    unsigned quiet_ = 0; // seconds of it, while on
    Arrived all_;        // since it began
    double highest_ = 0; // packets a second
};

} // namespace otk
