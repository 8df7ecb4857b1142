// What knockd counts: the one table from which the status file, `knockmgr status` and the metrics are made.
#include "store/status_file.h"

#include <array>

namespace otk {

namespace {

using S = DaemonStatus;
constexpr auto capture = CountedSince::capture;
constexpr auto validate = CountedSince::validate;
constexpr auto knockd = CountedSince::knockd;

constexpr std::array counters{
    StatusCounter{"packets_seen", "seen", capture, &S::packets_seen, "otk_packets_seen_total",
                  "Packets that passed the kernel's filter and were read."},
    StatusCounter{"packets_lost", "dropped by the kernel for want of room", capture, &S::packets_lost,
                  "otk_packets_dropped_total",
                  "Packets that the kernel dropped for want of room, unread; knocks among them were lost."},
    StatusCounter{"unread", "malformed, fragments, or no carrier of knocks", capture, &S::unread,
                  "otk_packets_malformed_total",
                  "Packets that could not be read: malformed, fragments, no carrier of knocks."},
    StatusCounter{"noise", "noise: no knock", capture, &S::noise, "otk_packets_noise_total",
                  "Packets that were read and hold no knock."},
    StatusCounter{"hits", "values of a chain, handed on to be judged", capture, &S::hits,
                  "otk_packets_hit_total", "Packets with a value of a chain, handed on to be judged."},
    StatusCounter{"held_back", "known values again, not handed on one by one", capture, &S::held_back,
                  "otk_packets_held_back_total",
                  "Packets with a known value that came again too often to be judged one by one."},
    StatusCounter{"switches", "switches to reading in blocks", capture, &S::switches,
                  "otk_capture_switches_total", "How often reading changed to the ring for floods."},
    StatusCounter{"dns_answered", "DNS answers sent", capture, &S::dns_answered, "otk_dns_answers_total",
                  "DNS answers sent."},
    StatusCounter{"dns_not_answered", "DNS questions not answered", capture, &S::dns_not_answered,
                  "otk_dns_unanswered_total", "DNS questions not answered: over the rate, or not sendable."},
    StatusCounter{"syns", "SYNs looked at for dynamic requests", capture, &S::syns, "otk_packets_syn_total",
                  "TCP connection attempts that were compared with what dynamic requests declared."},
    StatusCounter{"asked", "questions of dynamic requests, handed on", capture, &S::asked,
                  "otk_dynamic_questions_total", "Questions of accepted dynamic requests, handed on."},
    StatusCounter{"replied", "answers to dynamic requests sent", capture, &S::replied,
                  "otk_dynamic_answers_total", "Answers to dynamic requests sent."},
    StatusCounter{"spent", "spent", validate, &S::spent, "otk_knocks_spent_total",
                  "Knocks spent: accepted ones and refused ones."},
    StatusCounter{"commits", "commits that they took", validate, &S::commits, "otk_ledger_commits_total",
                  "Transactions of the ledger in which knocks were spent."},
    StatusCounter{"largest_batch", "most that were judged together", validate, &S::largest_batch,
                  "otk_ledger_largest_batch", "Most values that were judged together."},
    StatusCounter{
        "duplicates", "duplicates", validate, &S::duplicates, "otk_duplicates_total",
        "Values that came again within a minute of their acceptance, and requests of a look in vain."},
    StatusCounter{"replays", "replays", validate, &S::replays, "otk_replays_total",
                  "Values that came again later than that."},
    StatusCounter{"late", "late: jumped over by a later one", validate, &S::late, "otk_late_knocks_total",
                  "Values that a later knock of their chain had jumped over."},
    StatusCounter{"not_spent", "could not be spent, and stay valid", validate, &S::not_spent,
                  "otk_knocks_not_spent_total",
                  "Knocks that could not be written to the ledger: they did nothing and stay valid."},
    StatusCounter{"stale", "hits of chains that had moved on", validate, &S::stale, "otk_stale_hits_total",
                  "Values of a chain that had moved on, was renewed or removed before they were judged."},
    StatusCounter{
        "not_signed", "without the signature that they need", validate, &S::not_signed,
        "otk_knocks_not_signed_total",
        "Values of a chain that came without the valid signature that it demands, and were not spent."},
    StatusCounter{"signature_checks", "signatures checked", validate, &S::signature_checks,
                  "otk_signature_checks_total", "Signatures that were checked (Ed25519)."},
    StatusCounter{"exchanges", "key exchanges of dynamic requests", validate, &S::exchanges,
                  "otk_key_exchanges_total", "Key exchanges with dynamic requests (X25519)."},
    StatusCounter{"accepted", "honoured", knockd, &S::accepted, "otk_knocks_honoured_total",
                  "Knocks accepted, for which the command was run or put in the queue."},
    StatusCounter{"refused", "refused", knockd, &S::refused, "otk_knocks_refused_total",
                  "Right knocks that a rule refused."},
    StatusCounter{"contested", "contested", knockd, &S::contested, "otk_knocks_contested_total",
                  "Knocks that came a second time from elsewhere, or with another address."},
    StatusCounter{"not_started", "honoured, but the command could not be started", knockd, &S::not_started,
                  "otk_commands_not_started_total",
                  "Commands that could not be started although their knocks were accepted."},
    StatusCounter{"child_crashes", "crashes of a helper process", knockd, &S::child_crashes,
                  "otk_helper_crashes_total", "How often a helper process ended unexpectedly."},
    StatusCounter{
        "deaf_ms", "ms in which packets may not have been read, after a crash", knockd, &S::deaf_ms,
        "otk_capture_down_milliseconds_total",
        "Milliseconds, at most, in which packets may not have been read because knockd-capture had ended."},
    StatusCounter{"floods", "floods begun", knockd, &S::floods, "otk_floods_total", "Floods that began."},
    StatusCounter{"alerts_raised", "alerts raised", knockd, &S::alerts_raised, "otk_alerts_total",
                  "Alerts handed to the alert program."},
    StatusCounter{"alerts_held_back", "alerts held back", knockd, &S::alerts_held_back,
                  "otk_alerts_held_back_total", "Alerts that the limits held back."},
    StatusCounter{"guard_losses", "losses of the guard", knockd, &S::guard_losses, "otk_guard_lost_total",
                  "How often the guard was lost: changed or gone by the doing of others, not armed at the "
                  "start, or not to be armed."},
};

constexpr std::array gauges{
    StatusGauge{
        "grants", "grants", &S::grants, "otk_grants",
        "Chains that could be spent when knockd-validate started, those of disabled grants included."},
    StatusGauge{"commands_running", "commands running", &S::commands_running, "otk_commands_running",
                "Commands that run now."},
    StatusGauge{"commands_waiting", "commands that wait to be run", &S::commands_waiting,
                "otk_commands_waiting", "Commands of accepted knocks that wait to be run.", true},
    StatusGauge{"hits_waiting", "values that wait to be judged", &S::hits_waiting, "otk_hits_waiting",
                "Values that wait between knockd-capture and knockd-validate.", true},
    StatusGauge{"messages_waiting", "messages to knockd-validate", &S::messages_waiting,
                "otk_messages_waiting", "Messages of knockd that wait for knockd-validate to read.", true},
    StatusGauge{"ends_waiting", "ends of commands not yet in the ledger", &S::ends_waiting,
                "otk_ends_waiting", "Ends of commands that are not in the ledger yet.", true},
    StatusGauge{"alerts_waiting", "alerts that wait to be told", &S::alerts_waiting, "otk_alerts_waiting",
                "Alerts that wait for the alert program.", true},
    StatusGauge{"doors", "doors", &S::doors, "otk_doors",
                "Doors that are open, and commands that wait to be undone."},
    StatusGauge{"requests_waiting", "dynamic requests that wait for their SYNs", &S::requests_waiting,
                "otk_dynamic_requests_waiting",
                "Dynamic requests that were accepted and wait for their SYNs or for their door."},
    StatusGauge{"requests_open", "dynamic requests with an open door", &S::requests_open,
                "otk_dynamic_requests_open", "Dynamic requests whose door is open."},
    StatusGauge{"few_left", "grants that will soon run out of knocks", &S::few_left, "otk_grants_few_left",
                "Enabled grants that have knocks left, but no more than [alerts] few_left."},
    StatusGauge{"exhausted", "grants without knocks", &S::exhausted, "otk_grants_exhausted",
                "Enabled grants whose last knock was used."},
    StatusGauge{"ledger_failing", "the ledger cannot be written", &S::ledger_failing, "otk_ledger_failing",
                "1 for a minute after a knock that could not be written to the ledger, else 0."},
    StatusGauge{"guard_wanted", "the guard shall stand", &S::guard_wanted, "otk_guard_wanted",
                "1 when the guard shall stand now, else 0. Only with [firewall] mode guard."},
    StatusGauge{"guard_armed", "the guard stands", &S::guard_armed, "otk_guard_armed",
                "1 when the guard stands in the kernel, else 0. Only with [firewall] mode guard."},
};

} // namespace

std::string_view name_of(CountedSince since) {
    switch (since) {
    case CountedSince::capture: return "knockd-capture";
    case CountedSince::validate: return "knockd-validate";
    case CountedSince::knockd: return "knockd";
    }
    return "nobody";
}

std::span<const StatusCounter> status_counters() { return counters; }

std::span<const StatusGauge> status_gauges() { return gauges; }

} // namespace otk
