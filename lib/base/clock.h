// Time is an argument. Programs hand in the SystemClock, tests and `knockd --read` one that they set.
#pragma once

#include <chrono>
#include <cstdint>

namespace otk {

using Time = std::chrono::sys_time<std::chrono::nanoseconds>; // UTC, since 1970

class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Time now() const = 0;
};

class SystemClock final : public Clock {
  public:
    [[nodiscard]] Time now() const override;
};

class ManualClock final : public Clock {
  public:
    explicit ManualClock(Time now = {}) : now_(now) {}
    [[nodiscard]] Time now() const override { return now_; }
    void set(Time now) { now_ = now; }
    void advance(std::chrono::nanoseconds by) { now_ += by; }

  private:
    Time now_;
};

[[nodiscard]] constexpr std::int64_t to_nanoseconds(Time time) { return time.time_since_epoch().count(); }
[[nodiscard]] constexpr Time from_nanoseconds(std::int64_t ns) { return Time{std::chrono::nanoseconds{ns}}; }

} // namespace otk
