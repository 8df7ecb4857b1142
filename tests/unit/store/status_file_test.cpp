// The status file: what knockd writes is what knockmgr reads, and nothing that stands there in its place ends
// a reader.
#include "store/status_file.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace otk;

namespace {

// Every number another one, so that no two can be mistaken for each other.
DaemonStatus full_status() {
    DaemonStatus status;
    status.pid = 4711;
    status.started = "2026-11-21T19:00:00Z";
    status.acceptance = "open";
    status.guard = "armed";
    status.dns = "answered at 2 addresses";
    status.boot = "0c5d3c6e-8a39-4c0f-9a3b-1d5b0a7f2e11";
    status.written = 1;
    status.flood = true;
    status.capture_started = "2026-11-21T19:00:01Z";
    status.validate_started = "2026-11-21T19:00:02Z";
    std::uint64_t number = 1;
    for (const StatusGauge& gauge : status_gauges())
        status.*gauge.value = number++;
    number = 100;
    for (const StatusCounter& counter : status_counters())
        status.*counter.value = number++;
    return status;
}

} // namespace

TEST_CASE("status file: everything that is written is read again") {
    const DaemonStatus status = full_status();
    const auto read = parse_status(format_status(status));
    REQUIRE(read);
    CHECK(read->pid == 4711);
    CHECK(read->started == status.started);
    CHECK(read->acceptance == "open");
    CHECK(read->guard == "armed");
    CHECK(read->dns == "answered at 2 addresses");
    CHECK(read->flood == true);
    CHECK(read->boot == status.boot);
    CHECK(read->written == 1);
    CHECK(read->capture_started == status.capture_started);
    CHECK(read->validate_started == status.validate_started);
    for (const StatusGauge& gauge : status_gauges()) {
        INFO(gauge.key);
        CHECK((*read).*gauge.value == status.*gauge.value);
    }
    for (const StatusCounter& counter : status_counters()) {
        INFO(counter.key);
        CHECK((*read).*counter.value == status.*counter.value);
    }
}

TEST_CASE(
    "status file: each counter and gauge has a key and a name of its own, and shows a value of its own") {
    std::set<std::string_view> keys;
    std::set<std::string_view> names;
    for (const StatusCounter& counter : status_counters()) {
        keys.insert(counter.key);
        names.insert(counter.name);
    }
    for (const StatusGauge& gauge : status_gauges()) {
        keys.insert(gauge.key);
        names.insert(gauge.name);
    }
    const std::size_t all = status_counters().size() + status_gauges().size();
    CHECK(keys.size() == all);
    CHECK(names.size() == all);
    // Each value was given by full_status() to one of them alone: no two stand for the same member.
    const DaemonStatus status = full_status();
    std::set<std::uint64_t> values;
    for (const StatusCounter& counter : status_counters())
        values.insert((status.*counter.value).value());
    for (const StatusGauge& gauge : status_gauges())
        values.insert((status.*gauge.value).value());
    CHECK(values.size() == all);
}

TEST_CASE("status file: what the writer did not know is not written, and not invented by the reader") {
    DaemonStatus status;
    status.pid = 7;
    status.accepted = 5;
    const std::string text = format_status(status);
    CHECK(text.find("guard") == std::string::npos);
    CHECK(text.find("refused") == std::string::npos);
    const auto read = parse_status(text);
    REQUIRE(read);
    CHECK(read->accepted == 5);
    CHECK_FALSE(read->refused);
    CHECK_FALSE(read->doors);
    CHECK_FALSE(read->flood);
    CHECK_FALSE(read->written);
    CHECK(read->guard.empty());
}

TEST_CASE("status file: another file in its place is told, and values of another kind are left out") {
    for (const char* text : {"", "{", "[]", "17", "\"pid\"", "null"}) {
        INFO(text);
        CHECK_FALSE(parse_status(text));
    }
    const auto read = parse_status(
        R"({"pid": "x", "acceptance": 3, "doors": -1, "flood": 0, "counters": {"accepted": 1.5, "refused": 2}})");
    REQUIRE(read);
    CHECK(read->pid == 0);
    CHECK(read->acceptance.empty());
    CHECK_FALSE(read->doors);
    CHECK_FALSE(read->flood);
    CHECK_FALSE(read->accepted);
    CHECK(read->refused == 2);
    const auto bare = parse_status(R"({"counters": [1, 2]})");
    REQUIRE(bare);
    CHECK_FALSE(bare->accepted);
}
