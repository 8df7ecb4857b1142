// What a running knockd says about itself in STATE/monitor/status.json: knockd writes the file, knockmgr
// reads it, and both have the names from here.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace otk {

// knockd writes the file when something has changed, and at least so often. Who finds it older than the
// second bound may say that knockd does not work: it hangs, is stopped, or cannot write the file.
inline constexpr std::chrono::seconds heartbeat{4};
inline constexpr std::chrono::seconds heartbeat_patience{10};

// What is absent was not known to the writer: it is not written, and nothing is made of it when it is read.
struct DaemonStatus {
    using Number = std::optional<std::uint64_t>;

    std::int64_t pid = 0; // 0: the file names none
    std::string started;  // knockd; UTC, as format_utc writes it
    std::string capture_started;
    std::string validate_started;
    std::string acceptance; // "open", or why nothing is accepted; "starting"
    // When the file was written: which boot of the machine (boot_id), and ms since it by the clock that
    // nobody sets and that stands still while the machine sleeps (CLOCK_MONOTONIC).
    std::string boot;
    Number written;
    Number grants; // live when knockd-validate started

    // Counters since knockd-capture started.
    Number packets_seen;     // passed the kernel's filter
    Number packets_lost;     // dropped by the kernel for want of room
    Number unread;           // malformed, fragments, not a carrier
    Number noise;            // read, but no knock
    Number hits;             // values of a chain
    Number held_back;        // repeats that were not reported one by one
    Number switches;         // to the ring for floods
    Number dns_answered;     // answers sent
    Number dns_not_answered; // over the rate, or not sendable
    Number syns;             // dynamic mode: attempts to connect that were compared
    Number asked;            // dynamic mode: questions (P2) of known requests, handed on
    Number replied;          // dynamic mode: answers (P3) sent
    // Since knockd-validate started.
    Number spent;
    Number commits;
    Number largest_batch; // most hits that were judged together
    Number duplicates;
    Number replays;
    Number late;
    Number not_spent;        // could not be written down, and stay valid
    Number stale;            // hits of chains that had moved on
    Number not_signed;       // came without the signature that is demanded
    Number signature_checks; // Ed25519
    Number exchanges;        // X25519
    // Since knockd started.
    Number accepted;
    Number refused;
    Number contested;
    Number not_started; // commands of accepted knocks that could not be started
    Number child_crashes;
    Number deaf_ms; // ms, at most, in which packets were not read, after a crash of knockd-capture
    Number floods;  // begun
    Number alerts_raised;
    Number alerts_held_back;
    Number guard_losses; // found changed, gone, or not to be armed: alert guard-lost

    // Now.
    Number commands_running;
    Number commands_waiting;
    Number hits_waiting;       // between knockd-capture and knockd-validate
    Number messages_waiting;   // from knockd to knockd-validate
    Number ends_waiting;       // of commands, to be stored in the ledger
    Number alerts_waiting;     // for the alert program
    Number doors;              // and undos that wait
    Number requests_waiting;   // dynamic ones: for their SYNs, or for their door
    Number requests_open;      // dynamic ones with an open door
    Number few_left;           // enabled grants with 1 to [alerts] few_left knocks left
    Number exhausted;          // enabled grants with none
    Number ledger_failing;     // 1: the newest knock could not be spent, a minute ago at most; else 0
    Number guard_wanted;       // 1: it shall stand now; else 0. Not where [firewall] mode is another one
    Number guard_armed;        // 1: it stands, as far as knockd knows; else 0. Likewise
    std::string guard;         // Firewall::guard_state(); "" when it is not known
    std::string dns;           // where questions are answered, or why not; "" where none are to be answered
    std::optional<bool> flood; // more packets a second than [alerts] flood
};

// Since when a counter counts: each of these begins at 0 when it starts.
enum class CountedSince : std::uint8_t { capture, validate, knockd };
[[nodiscard]] std::string_view name_of(CountedSince since); // the program's name

struct StatusCounter {
    std::string_view key;  // in the file
    std::string_view name; // for people
    CountedSince since{};
    DaemonStatus::Number DaemonStatus::*value = nullptr;
    std::string_view
        metric;            // for Prometheus (metrics_text.h); it ends in _total unless it is a highest value
    std::string_view help; // likewise: one sentence
};
// All counters, in the order of the file.
[[nodiscard]] std::span<const StatusCounter> status_counters();

// What is no counter: how things stand now.
struct StatusGauge {
    std::string_view key;
    std::string_view name;
    DaemonStatus::Number DaemonStatus::*value = nullptr;
    std::string_view metric;
    std::string_view help;
    bool queue = false; // something waits there: 0 when all is well
};
[[nodiscard]] std::span<const StatusGauge> status_gauges();

[[nodiscard]] std::string format_status(const DaemonStatus& status); // JSON, times in UTC
// Nothing when the text is not what knockd writes.
[[nodiscard]] std::optional<DaemonStatus> parse_status(std::string_view text);

} // namespace otk
