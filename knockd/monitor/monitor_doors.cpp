// What the monitor does when its doors have something to tell.
#include "firewall/ruleset.h"
#include "firewall/watch.h"
#include "knockd/journal.h"
#include "knockd/monitor/lines.h"
#include "knockd/monitor/monitor.h"

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::chrono::milliseconds doors_period{5}; // less than any program takes to start and ask

} // namespace

// A change is written at once, unless another was written just now: with some hundred doors it costs a
// millisecond, and thousands of knocks a second may prolong one.
void Monitor::doors_changed() {
    using std::chrono::steady_clock;
    if (doors_later_ && !stopping_) return;
    const auto next = doors_written_ + doors_period;
    const auto now = steady_clock::now();
    if (stopping_ || now >= next) return write_doors();
    try {
        doors_later_ = loop_.after(next - now, [this] { write_doors(); });
    } catch (const Error&) { // no descriptor for a timer
        write_doors();
    }
}

// Not before all holds of the ledger have come: an earlier life's list has what nobody else knows of them.
void Monitor::write_doors() {
    doors_later_.reset();
    doors_written_ = std::chrono::steady_clock::now();
    if (!accepting()) return;
    std::vector<DoorListed> doors;
    const Time now = clock_.now();
    actor_.holds().each([&](const OpenHold& hold) {
        if (!hold.ending) doors.push_back(listed(hold, now));
    });
    doors_file_.write(doors);
}

void Monitor::claimed(RowNumber row, const Address& by) {
    actor_.holds().claimed(row, by);
    if (const OpenHold* hold = actor_.holds().find(row))
        journal("knockd", line_of_claim(*hold, by), Priority::notice);
}

void Monitor::refused_connection(RowNumber row, const Address& source) {
    if (const OpenHold* hold = actor_.holds().find(row))
        journal("knockd", line_of_refused_connection(*hold, source), Priority::notice);
}

void Monitor::lost_relay(RowNumber row, const std::string& why) {
    const OpenHold* hold = actor_.holds().find(row);
    if (hold == nullptr) return;
    const std::string line =
        fmt::format("{}: {} was lost: {}", actor_.label_of(hold->hold.grant), describe_door(*hold), why);
    journal("knockd", line, Priority::error);
    noticing_.child_crashed(line);
    actor_.holds().end(row, Holds::Why::lost);
}

void Monitor::guard_lost(const std::string& what) {
    ++status_.guard_losses;
    noticing_.guard_lost(what);
}

// It should be there, put back by otk-guard.service or left by the knockd before. Where it is not, its ports
// were open, and nobody else would tell.
void Monitor::look_for_guard() {
    if (config_.firewall.mode != FirewallMode::guard || !guard_file_.stood()) return;
    try {
        if (RulesetWatch().table(guard_table).handle != 0) return;
    } catch (const Error&) {
        return; // the firewall has told that
    }
    const std::string line =
        "the guard was lost: nothing had armed it when knockd started, and its ports were open; "
        "`systemctl status otk-guard` may say why";
    journal("knockd", line, Priority::error);
    guard_lost(line);
}

} // namespace otk
