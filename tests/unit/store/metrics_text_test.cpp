// The metrics: what Prometheus' text format 0.0.4 demands of names, helps, types and values.
#include "store/metrics_text.h"

#include "base/text.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

using namespace otk;

namespace {

DaemonStatus full_status() {
    DaemonStatus status;
    status.acceptance = "open";
    status.flood = true;
    std::uint64_t number = 1000;
    for (const StatusGauge& gauge : status_gauges())
        status.*gauge.value = number++;
    for (const StatusCounter& counter : status_counters())
        status.*counter.value = number++;
    return status;
}

// Name -> type and value, in lines of three: help, type, value. Throws where a line is something else.
std::map<std::string, std::pair<std::string, std::string>> read(const std::string& text) {
    std::map<std::string, std::pair<std::string, std::string>> metrics;
    REQUIRE(text.ends_with('\n'));
    const auto lines = split(std::string_view(text).substr(0, text.size() - 1), '\n');
    REQUIRE(lines.size() % 3 == 0);
    for (std::size_t i = 0; i < lines.size(); i += 3) {
        const auto help = split(lines[i], ' ');
        const auto type = split(lines[i + 1], ' ');
        const auto value = split(lines[i + 2], ' ');
        REQUIRE(help.size() > 3);
        CHECK((help[0] == "#" && help[1] == "HELP" && lines[i].ends_with('.')));
        REQUIRE(type.size() == 4);
        CHECK((type[0] == "#" && type[1] == "TYPE" && type[2] == help[2]));
        REQUIRE(value.size() == 2);
        CHECK(value[0] == help[2]);
        CHECK(metrics.emplace(value[0], std::pair{std::string(type[3]), std::string(value[1])}).second);
    }
    return metrics;
}

} // namespace

TEST_CASE("metrics: all that is counted, each once, a counter's name and no other ending in _total") {
    const DaemonStatus status = full_status();
    const auto metrics = read(format_metrics(status, 1'763'000'000));
    CHECK(metrics.size() == status_counters().size() + status_gauges().size() + 4);
    CHECK(metrics.at("otk_up") == std::pair<std::string, std::string>{"gauge", "1"});
    CHECK(metrics.at("otk_accepting").second == "1");
    CHECK(metrics.at("otk_start_time_seconds").second == "1763000000");
    CHECK(metrics.at("otk_flood").second == "1");
    for (const StatusCounter& counter : status_counters()) {
        INFO(counter.metric);
        CHECK(metrics.at(std::string(counter.metric)).second ==
              std::to_string((status.*counter.value).value()));
    }
    for (const StatusGauge& gauge : status_gauges()) {
        INFO(gauge.metric);
        CHECK(metrics.at(std::string(gauge.metric)).second == std::to_string((status.*gauge.value).value()));
    }
    for (const auto& metric : metrics) {
        const auto& [type, value] = metric.second;
        const std::string& name = metric.first;
        INFO(name);
        CHECK_FALSE(value.empty());
        CHECK(name.starts_with("otk_"));
        CHECK(type == (name.ends_with("_total") ? "counter" : "gauge"));
        CHECK(
            std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; }));
    }
}

TEST_CASE("metrics: a counter says with which process it begins anew") {
    const std::string text = format_metrics(full_status(), 0);
    for (const StatusCounter& counter : status_counters()) {
        const std::size_t at = text.find("# HELP " + std::string(counter.metric) + " ");
        REQUIRE(at != std::string::npos);
        const std::string line = text.substr(at, text.find('\n', at) - at);
        INFO(line);
        CHECK(line.ends_with("Begins at 0 when " + std::string(name_of(counter.since)) + " starts."));
    }
}

TEST_CASE("metrics: what is not known is left out, and only open is accepting") {
    DaemonStatus status;
    status.acceptance = "starting";
    status.refused = 5;
    const auto metrics = read(format_metrics(status, 7));
    CHECK(metrics.size() == 4);
    CHECK(metrics.at("otk_accepting").second == "0");
    CHECK(metrics.at("otk_knocks_refused_total").second == "5");
}
