#include "knockd/journal.h"
#include "knockd/monitor/contract.h"
#include "knockd/monitor/lines.h"
#include "knockd/monitor/monitor.h"

namespace otk {

bool Monitor::take_last_word(Helper& helper, const message::LastWord& word) {
    if (!well_formed(word)) return false;
    helper.last_word = word.why.view();
    return true;
}

bool Monitor::take_from_capture() {
    if (const auto word = capture_.child.mailbox().as<message::LastWord>())
        return take_last_word(capture_, *word);
    if (capture_.child.mailbox().as<message::CaptureOpened>()) {
        if (std::exchange(capture_.begun, true)) return false;
        rings_fill_since(std::chrono::steady_clock::now());
        (void)capture_.child.channel().send_struct(message::CaptureBegin{}); // if it ended, that is told
        return true;
    }
    if (const auto ready = capture_.child.mailbox().as<message::CaptureReady>()) {
        if (std::exchange(capture_.ready, true) || !well_formed(*ready)) return false; // it is said once
        capture_.cannot_start.clear();
        status_.dns = line_of_answers(*ready);
        dns_remark_ = ready->not_answering == 0 ? "" : "; questions over dns are " + status_.dns;
        capture_is_ready();
        return true;
    }
    const auto counters = capture_.child.mailbox().as<message::CaptureCounters>();
    if (counters) {
        status_.counters = *counters;
        read_until_ = std::chrono::steady_clock::now();
    }
    return counters.has_value();
}

bool Monitor::take_from_validate() {
    const Mailbox& mailbox = validate_.child.mailbox();
    // What an earlier life left is told at the start and then no more: later it could only be invented.
    const bool begins = std::exchange(validate_begins_, false);
    if (const auto act = mailbox.as<message::Act>()) {
        if (!well_formed(*act)) return false;
        if (act->ask_only == 0) return actor_.act(*act);
        validate_begins_ = begins;
        return begins && actor_.asked(*act);
    }
    if (const auto report = mailbox.as<message::Report>()) {
        if (!well_formed(*report)) return false;
        actor_.report(*report);
    } else if (const auto stored = mailbox.as<message::Stored>()) {
        actor_.stored(*stored);
        if (stopping_) stop_further();
    } else if (const auto released = mailbox.as<message::Released>()) {
        return well_formed(*released) && actor_.released(*released);
    } else if (const auto held = mailbox.as<message::Held>()) {
        return !accepting() && well_formed(*held) && actor_.told(*held, doors_file_.before(held->row));
    } else if (const auto ready = mailbox.as<message::ValidateReady>()) {
        const bool was_open = validate_.ready && status_.acceptance == message::Acceptance::open;
        if (!well_formed(*ready) || was_open) return false; // open is said once, and last
        validate_is_ready(*ready);
    } else if (const auto counters = mailbox.as<message::ValidateCounters>()) {
        status_.hear(*counters);
    } else if (const auto word = mailbox.as<message::LastWord>()) {
        return take_last_word(validate_, *word);
    } else if (mailbox.as<message::BrokenCapture>()) {
        end_broken(capture_);
    } else {
        return false;
    }
    return true;
}

void Monitor::validate_is_ready(const message::ValidateReady& ready) {
    status_.acceptance = ready.acceptance;
    status_.grants = ready.grants;
    validate_.ready = true;
    validate_.cannot_start.clear();
    validate_begins_ = ready.acceptance == message::Acceptance::open;
    if (validate_begins_) {
        mark_.note(ready.head);
        actor_.send_again();
        policy_watch_.look_again();
        write_doors(); // what an earlier life has left there is over
    } else {
        journal("knockd", line_of(ready.acceptance), priority_of(ready.acceptance));
    }
    if (std::exchange(validate_.once_more, false)) return start_again(validate_);
    say_readiness();
}

} // namespace otk
