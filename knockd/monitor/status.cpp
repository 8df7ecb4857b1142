#include "knockd/monitor/status.h"

#include "base/text.h"
#include "knockd/monitor/lines.h"
#include "sys/boot.h"
#include "sys/file.h"

#include <unistd.h>

namespace otk {

namespace {

std::string acceptance_of(const Status& status) {
    if (!status.silence.empty()) return status.silence;
    if (status.acceptance == message::Acceptance::open && status.repeated.refusing != 0)
        return "the newest knock could not be spent, and stays valid; the journal says why";
    return std::string(status.acceptance ? name_of(*status.acceptance) : "starting");
}

} // namespace

void Status::hear(const message::ValidateCounters& newest) {
    repeated = newest;
    few_left = newest.few_left;
    exhausted = newest.exhausted;
}

DaemonStatus as_written(const Status& status) {
    const message::CaptureCounters& counters = status.counters;
    const message::ValidateCounters& repeated = status.repeated;
    return {
        .pid = getpid(),
        .started = format_utc(status.started),
        .capture_started = format_utc(status.capture_started),
        .validate_started = format_utc(status.validate_started),
        .acceptance = acceptance_of(status),
        .grants = status.grants,
        .packets_seen = counters.seen,
        .packets_lost = counters.lost,
        .unread = counters.unread,
        .noise = counters.noise,
        .hits = counters.hits,
        .held_back = counters.held_back,
        .switches = counters.switches,
        .dns_answered = counters.answered,
        .dns_not_answered = counters.not_answered,
        .syns = counters.syns,
        .asked = counters.asked,
        .replied = counters.replied,
        .spent = repeated.spent,
        .commits = repeated.commits,
        .largest_batch = repeated.largest_batch,
        .duplicates = repeated.duplicates,
        .replays = repeated.replays,
        .late = repeated.late,
        .not_spent = repeated.lost,
        .stale = repeated.stale,
        .not_signed = repeated.not_signed,
        .signature_checks = repeated.signature_checks,
        .exchanges = repeated.exchanges,
        .accepted = status.accepted,
        .refused = status.refused,
        .contested = status.contested,
        .not_started = status.not_started,
        .child_crashes = status.child_crashes,
        .deaf_ms = status.deaf_ms,
        .floods = status.floods,
        .alerts_raised = status.alerts_raised,
        .alerts_held_back = status.alerts_held_back,
        .guard_losses = status.guard_losses,
        .commands_running = status.commands_running,
        .commands_waiting = status.commands_waiting,
        .hits_waiting = status.hits_waiting,
        .messages_waiting = status.messages_waiting,
        .ends_waiting = status.ends_waiting,
        .alerts_waiting = status.alerts_waiting,
        .doors = status.doors,
        .requests_waiting = repeated.requests_waiting,
        .requests_open = repeated.requests_open,
        .few_left = status.few_left,
        .exhausted = status.exhausted,
        .ledger_failing = repeated.refusing,
        .guard_wanted = status.guard_wanted,
        .guard_armed = status.guard_armed,
        .guard = status.guard,
        .dns = status.dns,
        .flood = status.flood,
    };
}

void StatusFile::show_to(const Readers& readers) {
    readers_ = readers;
    change_readers(file_, readers_);
}

void StatusFile::write(const Status& status) {
    using std::chrono::milliseconds;
    DaemonStatus shown = as_written(status);
    shown.boot = this_boot();
    const std::string text = format_status(shown);
    const auto now =
        std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
    if (text == written_ && now - written_at_ < heartbeat) return;
    shown.written = static_cast<std::uint64_t>(now.count());
    try {
        publish_file(file_, format_status(shown), readers_);
        written_ = text;
        written_at_ = now;
        trouble_.over();
    } catch (const Error& error) {
        trouble_.say(error.what());
    }
}

void StatusFile::remove() { (void)::unlink(file_.c_str()); }

} // namespace otk
