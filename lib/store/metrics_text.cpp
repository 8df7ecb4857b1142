#include "store/metrics_text.h"

#include <fmt/format.h>

namespace otk {

namespace {

// Names and helps are ours: nothing in them needs to be escaped.
template <typename Number>
void add(std::string& text, std::string_view metric, std::string_view help, Number value) {
    const std::string_view type = metric.ends_with("_total") ? "counter" : "gauge";
    text += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", metric, help, type, value);
}

} // namespace

std::string format_metrics(const DaemonStatus& status, std::int64_t started) {
    std::string text;
    add(text, "otk_up", "1 while knockd runs: it removes this file when it ends in order.", 1);
    add(text, "otk_accepting", "Whether knocks are accepted.", status.acceptance == "open" ? 1 : 0);
    add(text, "otk_start_time_seconds", "When knockd started, in seconds since 1970.", started);
    if (status.flood)
        add(text, "otk_flood", "Whether more packets a second arrive than [alerts] flood.",
            *status.flood ? 1 : 0);
    for (const StatusGauge& gauge : status_gauges()) {
        if (status.*gauge.value) add(text, gauge.metric, gauge.help, *(status.*gauge.value));
    }
    for (const StatusCounter& counter : status_counters()) {
        const DaemonStatus::Number& value = status.*counter.value;
        if (!value) continue;
        add(text, counter.metric,
            fmt::format("{} Begins at 0 when {} starts.", counter.help, name_of(counter.since)), *value);
    }
    return text;
}

} // namespace otk
