#include "knockmgr/daemon_view.h"

#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

using Number = DaemonStatus::Number;

std::string number_text(const Number& number) { return number ? std::to_string(*number) : "unknown"; }

std::string daemon_text(const Daemon& daemon) {
    if (!daemon.trouble.empty()) return "unknown: " + daemon.trouble;
    if (!daemon.says) return "not running";
    const std::string started =
        daemon.says->started.empty() ? "at an unknown time" : printable(daemon.says->started);
    if (!daemon.running) {
        return fmt::format(
            "not running: it ended without a word (it was process {}, started {}); look into the journal",
            daemon.says->pid, started);
    }
    if (daemon.silent) {
        return fmt::format("running as process {} since {}\n"
                           "NOT HEARD for {} s: it hangs, is stopped, or cannot write {}; look into the "
                           "journal, then restart it (systemctl restart otk)\n"
                           "what follows is what it said last",
                           daemon.says->pid, started, daemon.silent->count(), daemon.file.string());
    }
    return fmt::format("running as process {} since {}\n{}", daemon.says->pid, started,
                       daemon.accepting ? "accepting knocks"
                                        : "NOT accepting knocks: " + printable(daemon.says->acceptance));
}

// "since 2026-11-21T19:00:00Z", or which start it was when nobody says when that was.
std::string since_text(const DaemonStatus& says, CountedSince since) {
    const std::string* time = nullptr;
    switch (since) {
    case CountedSince::capture: time = &says.capture_started; break;
    case CountedSince::validate: time = &says.validate_started; break;
    case CountedSince::knockd: time = &says.started; break;
    }
    if (time == nullptr || time->empty()) return fmt::format("since {} started", name_of(since));
    return "since " + printable(*time);
}

std::string flood_text(const DaemonStatus& says) {
    if (!says.flood) return "unknown";
    std::string text =
        *says.flood ? "YES: more packets a second than [alerts] flood that are no knock" : "no";
    if (says.floods.value_or(0) > 0)
        text += fmt::format("; {} {}", *says.floods, since_text(says, CountedSince::knockd));
    return text;
}

// What users notice: their knocks did nothing.
std::string lost_text(const DaemonStatus& says) {
    if (!says.packets_lost || !says.packets_seen) return "unknown";
    const std::uint64_t lost = *says.packets_lost;
    const std::string since = since_text(says, CountedSince::capture);
    std::string text = "nothing " + since;
    if (lost > 0) {
        const auto all = static_cast<double>(lost) + static_cast<double>(*says.packets_seen);
        text = fmt::format("{} of {:.0f} packets ({:.2f} %) {}; a knock among them must be sent again", lost,
                           all, 100 * static_cast<double>(lost) / all, since);
    }
    if (says.not_spent.value_or(0) > 0) {
        text += fmt::format("\nand {} could not be spent {}: look into the journal",
                            counted(*says.not_spent, "knock"), since_text(says, CountedSince::validate));
    }
    return text;
}

std::string queues_text(const DaemonStatus& says) {
    std::string text;
    bool known = false;
    for (const StatusGauge& gauge : status_gauges()) {
        const Number& number = says.*gauge.value;
        if (!gauge.queue || !number) continue;
        known = true;
        if (*number > 0) text += fmt::format("{}{} {}", text.empty() ? "" : "\n", *number, gauge.name);
    }
    if (!text.empty()) return text;
    return known ? "empty" : "unknown";
}

// Those that have a line of their own.
bool shown_elsewhere(const StatusCounter& counter) {
    return counter.value == &DaemonStatus::alerts_raised ||
           counter.value == &DaemonStatus::alerts_held_back || counter.value == &DaemonStatus::floods;
}

// Those that the file has, one a line, the numbers in one column, under the line that says since when.
std::string counters_text(const DaemonStatus& says, CountedSince since) {
    std::vector<std::pair<std::string, std::string_view>> lines;
    std::size_t width = 0;
    for (const StatusCounter& counter : status_counters()) {
        const Number& number = says.*counter.value;
        if (counter.since != since || !number || shown_elsewhere(counter)) continue;
        lines.emplace_back(std::to_string(*number), counter.name);
        width = std::max(width, lines.back().first.size());
    }
    std::string text = since_text(says, since);
    if (!text.ends_with("started")) text += fmt::format(" ({})", name_of(since));
    for (const auto& [number, name] : lines)
        text += fmt::format("\n{:>{}}  {}", number, width, name);
    return text;
}

} // namespace

void add_daemon(Fields& fields, const Daemon& daemon) {
    fields.add("daemon", daemon_text(daemon));
    if (!daemon.running) return;
    const DaemonStatus& says = *daemon.says;
    fields.add("flood", flood_text(says));
    fields.add("lost", lost_text(says));
    fields.add("queues", queues_text(says));
    fields.add("commands", fmt::format("{} running", number_text(says.commands_running)));
    fields.add("doors", fmt::format("{} open or waiting to be undone", number_text(says.doors)));
    fields.add("guard", says.guard.empty() ? "unknown" : printable(says.guard));
    if (!says.dns.empty()) fields.add("dns", printable(says.dns));
    fields.add("alerts", fmt::format("{} raised, {} held back", number_text(says.alerts_raised),
                                     number_text(says.alerts_held_back)));
    fields.add("packets", counters_text(says, CountedSince::capture));
    fields.add("values", counters_text(says, CountedSince::validate));
    fields.add("knocks", counters_text(says, CountedSince::knockd));
}

} // namespace otk::knockmgr
