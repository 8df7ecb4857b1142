// What the monitor does once a second, and what it says about itself then.
#include "knockd/journal.h"
#include "knockd/monitor/monitor.h"
#include "sys/notify.h"

#include <fmt/format.h>

namespace otk {

// The service manager hears of a monitor whose loop turns (sd_watchdog_enabled(3)).
void Monitor::begin_watchdog() {
    const auto period = watchdog_period();
    if (!period) return;
    watchdog_ = loop_.every(*period / 2, [] { notify_service_manager("WATCHDOG=1"); });
}

void Monitor::every_second() {
    mark_.flush();
    actor_.holds().look_at_clock();
    doors_.every_second();
    watch_for_floods();
    watch_over_helpers();
    if (const std::string change = host_watch_.change(config_);
        !change.empty() && capture_.ready && !changing_capture_) {
        journal("knockd", change, Priority::notice);
        start_again(capture_);
    }
    metrics_file_.every_second(write_status());
}

// One at a time, capture first: each may be silent because it waits for the other one.
void Monitor::watch_over_helpers() {
    if (stopping_) return;
    for (Helper* helper : {&next_capture_, &capture_, &validate_}) {
        const bool waits_for_us = helper == &next_capture_ && next_opened_;
        if (!helper->child.running() || waits_for_us) continue;
        switch (helper->liveness.look(helper->child.pid())) {
        case Liveness::Finding::well: break;
        case Liveness::Finding::silent:
            journal("knockd",
                    fmt::format("{} has said nothing for {} s: it {}", helper->child.name(),
                                helper->liveness.looks(), helper->liveness.why()),
                    Priority::warning);
            break;
        case Liveness::Finding::hangs: return end_hanging(*helper);
        }
    }
}

// Its end is told, and it is started again, as when it ends by itself.
void Monitor::end_hanging(Helper& helper) {
    journal("knockd",
            fmt::format("{} (process {}) has said nothing for {} s and {}: it is killed and started again",
                        helper.child.name(), helper.child.pid(), helper.liveness.looks(),
                        helper.liveness.why()),
            Priority::error);
    helper.expected_to_end = false;
    helper.child.kill();
    for (Helper* each : {&next_capture_, &capture_, &validate_})
        each->liveness.begin();
}

void Monitor::sign_of_life(Helper& helper) {
    const unsigned looks = helper.liveness.looks();
    if (helper.liveness.heard())
        journal("knockd", fmt::format("{} is heard again, after {} s", helper.child.name(), looks),
                Priority::notice);
}

// Which helper has ended each time before it was ready; "" when none.
std::string Monitor::unable() const {
    for (const Helper* helper : {&validate_, &capture_}) {
        if (!helper->cannot_start.empty())
            return fmt::format("{} cannot start and is tried again: {}", helper->child.name(),
                               helper->cannot_start);
    }
    return {};
}

// "" when there is none.
std::string Monitor::silence() const {
    if (std::string trouble = unable(); !trouble.empty()) return trouble;
    for (const Helper* helper : {&capture_, &validate_}) {
        if (helper->child.running() && helper->liveness.silent())
            return fmt::format("{} has said nothing for more than {} s: it {}", helper->child.name(),
                               Liveness::patience, helper->liveness.why());
    }
    return {};
}

void Monitor::tell_losses() {
    if (const auto lost = losses_.look(status_.counters.lost, Losses::Clock::now()))
        journal("knockd", *lost, Priority::warning);
}

// In the journal in any case: alerts are only for those who have configured a program for them.
void Monitor::watch_for_floods() {
    tell_losses();
    const auto alert = flood_.look(status_.counters, clock_.now());
    if (!alert) return;
    if (alert->kind == AlertKind::flood_begun) ++status_.floods;
    journal("knockd", fmt::format("{}: {}", name_of(alert->kind), alert->text), Priority::warning);
    alerts_.raise(*alert);
}

Status Monitor::write_status() {
    status_.commands_running = actor_.commands().running();
    status_.commands_waiting = actor_.commands().waiting();
    // Hits are what capture sends, but for one Begin.
    status_.hits_waiting = status_.counters.waiting + between_.second.waiting() / sizeof(message::Hit);
    status_.messages_waiting = to_validate_.waiting();
    status_.ends_waiting = actor_.ends_waiting();
    status_.alerts_waiting = alerts_.waiting();
    status_.doors = actor_.holds().size();
    status_.guard = doors_.guard_state();
    const auto guard = doors_.guard_standing();
    status_.guard_wanted = guard ? std::optional(guard->wanted) : std::nullopt;
    status_.guard_armed = guard ? std::optional(guard->armed) : std::nullopt;
    status_.flood = flood_.on();
    status_.silence = silence();
    status_.alerts_raised = alerts_.raised();
    status_.alerts_held_back = alerts_.held_back();

    Status shown = status_;
    // Nobody hears a knock while capture starts, and nobody spends one while validate does.
    if (!capture_.ready || !validate_.ready) shown.acceptance.reset();
    status_file_.write(shown);
    return shown;
}

} // namespace otk
