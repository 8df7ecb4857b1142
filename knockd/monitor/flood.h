// Tells when strangers begin to send many packets that are no knock, and when they have stopped (DESIGN 10).
#pragma once

#include "knockd/messages.h"
#include "knockd/monitor/alerts.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

namespace otk {

class Flood {
  public:
    explicit Flood(const Config& config) { configure(config); }
    void configure(const Config& config) { limit_ = config.alerts.flood; } // read again

    // Once a second, with capture's running totals: they begin anew when capture was started again. It has
    // begun when more packets a second than the limit were no knock, on average over 2 s, and ended when
    // there were fewer than half of that for 10 s. An alert when one of these happened.
    [[nodiscard]] std::optional<Alert> look(const message::CaptureCounters& totals, Time now);
    [[nodiscard]] bool on() const { return on_; }

  private:
    struct Second {
        std::uint64_t no_knock = 0;
        std::uint64_t lost = 0;
        double seconds = 1; // how long it was
    };
    [[nodiscard]] Second since_last(const message::CaptureCounters& totals, Time now);
    [[nodiscard]] Alert begun(double rate, double lost_rate);
    [[nodiscard]] Alert ended(Time now);

    std::uint32_t limit_ = 0;
    message::CaptureCounters last_;
    std::optional<Time> looked_; // nothing before the first look
    Second before_;              // the second before this one
    bool on_ = false;
    unsigned quiet_ = 0; // seconds of it, while on
    Time began_{};
    double highest_ = 0; // packets a second
    double packets_ = 0; // since it began
};

} // namespace otk
