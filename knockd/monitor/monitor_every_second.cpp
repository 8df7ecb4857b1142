// What the monitor does once a second, and what it says about itself then.
#include "knockd/journal.h"
#include "knockd/monitor/monitor.h"

#include <fmt/format.h>

namespace otk {

void Monitor::every_second() {
    mark_.flush();
    actor_.holds().look_at_clock();
    doors_.every_second();
    watch_for_floods();
    if (const std::string change = host_watch_.change(config_); !change.empty() && capture_.ready) {
        journal("knockd", change);
        start_again(capture_);
    }
    metrics_file_.every_second(write_status());
}

// In the journal in any case: alerts are only for those who have configured a program for them.
void Monitor::watch_for_floods() {
    if (const auto lost = losses_.look(status_.counters.lost, Losses::Clock::now())) journal("knockd", *lost);
    const auto alert = flood_.look(status_.counters, clock_.now());
    if (!alert) return;
    if (alert->kind == AlertKind::flood_begun) ++status_.floods;
    journal("knockd", fmt::format("{}: {}", name_of(alert->kind), alert->text));
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
    status_.flood = flood_.on();
    status_.alerts_raised = alerts_.raised();
    status_.alerts_held_back = alerts_.held_back();

    Status shown = status_;
    // Nobody hears a knock while capture starts, and nobody spends one while validate does.
    if (!capture_.ready || !validate_.ready) shown.acceptance.reset();
    status_file_.write(shown);
    return shown;
}

} // namespace otk
