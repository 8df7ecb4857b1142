// How one capture takes the place of another, so that every packet is read by at least one of them.
//
// The filter of a capture is locked, and it has no power left to bind or open anything: new settings, or new
// addresses of the host, need a new process. That one opens its rings first. From then on every packet is in
// them, while the old one goes on to read. A moment later the old one is told to finish: it reads what waits
// in its own rings, hands it on, and ends. Only then the new one binds what answers leave from, since two
// cannot bind one port, hears what to look for, since two would each get half of it, and begins to read.
//
// A change that has begun is finished. What wishes for another one meanwhile is remembered, and done once,
// with the newest configuration: so there is one that reads, however many wishes come.
//
// Packets of that moment are read twice. Validate knows by then what the first copy has spent, so the second
// is a duplicate.
#include "knockd/journal.h"
#include "knockd/monitor/monitor.h"
#include "knockd/monitor/setup.h"

#include <fmt/format.h>

namespace otk {

namespace {

// What came before the new rings were there is read from the old ones: the timeout of a block of packets (10
// ms), a tick or two of the kernel's clock, and what a process needs to look.
constexpr std::chrono::milliseconds overlap{50};

} // namespace

void Monitor::start_again(Helper& helper) {
    if (!helper.child.connected() || helper.expected_to_end) {
        // One of validate is under way, and will have the newest configuration. The next capture has begun
        // with an older one.
        helper.once_more = &helper == &capture_ && next_capture_.child.running();
        return;
    }
    if (!helper.ready || (&helper == &capture_ && next_capture_.child.running())) {
        helper.once_more = true;
        return;
    }
    if (&helper == &capture_) return change_capture();
    helper.expected_to_end = true;
    helper.ready = false;
    helper.child.finish();
}

void Monitor::change_capture() {
    changing_capture_ = true;
    capture_.once_more = false;
    try {
        begin_change();
    } catch (const Error& error) { // no process to be had
        journal("knockd", error.what(), Priority::error);
        next_capture_.restart = loop_.after(next_capture_.child.back_off(), [this] { change_capture(); });
    }
}

void Monitor::begin_change() {
    next_capture_.restart.reset();
    next_capture_.liveness.begin();
    next_opened_.reset();
    host_watch_.note(config_);
    next_capture_.child.start(between_.first.fd(), -1, capture_setup(config_, places_, false));
    loop_.on_readable(next_capture_.child.channel().fd(), [this] { hear_next_capture(); });
}

// It has one thing to say until it is told to begin, or why it ends.
void Monitor::hear_next_capture() {
    Mailbox& mailbox = next_capture_.child.mailbox();
    const Mailbox::Next next = mailbox.next();
    if (next == Mailbox::Next::nothing_yet) return;
    if (next == Mailbox::Next::message && mailbox.as<message::LastWord>()) return; // how it ends is told then
    const bool opened = next == Mailbox::Next::message && mailbox.as<message::CaptureOpened>();
    if (!opened || next_opened_) { // it has hung up, or breaks its contract
        loop_.remove(next_capture_.child.channel().fd());
        return next_capture_.child.kill();
    }
    next_opened_ = std::chrono::steady_clock::now();
    if (!capture_.child.running()) return take_over();
    overlap_ = loop_.after(overlap, [this] {
        capture_.expected_to_end = true;
        if (capture_.child.connected()) capture_.child.finish();
    });
}

// The one that reads has ended; its place is taken as soon as that can be. What lay unread in its rings is
// lost with it, and how much that was nobody knows: so since its last word nothing counts as read, unless it
// was told to finish.
void Monitor::capture_ended(bool expected, std::chrono::steady_clock::time_point read_until) {
    const bool replaced = next_capture_.child.running() && next_opened_;
    if (!nobody_read_since_ && !(replaced && expected)) nobody_read_since_ = read_until;
    if (replaced) take_over();
}

void Monitor::take_over() {
    overlap_.reset();
    loop_.remove(next_capture_.child.channel().fd());
    capture_.child = std::move(next_capture_.child);
    next_capture_.child = Child("knockd-capture");
    changing_capture_ = false;
    capture_.ready = false;
    capture_.begun = true;
    capture_.liveness.begin();
    tell_losses();
    status_.counters = {};
    status_.capture_started = clock_.now();
    loop_.on_readable(capture_.child.channel().fd(), [this] { hear(capture_, messages_in_a_turn); });
    rings_fill_since(*next_opened_);
    (void)capture_.child.channel().send_struct(message::CaptureBegin{}); // if it ended, that is told
}

void Monitor::capture_is_ready() {
    if (capture_.once_more) return change_capture();
    say_readiness();
}

// It could not open what it needs, or something has killed it. The one that reads goes on.
void Monitor::next_capture_ended(int wait_status) {
    next_capture_.child.ended();
    if (next_capture_.child.connected()) loop_.remove(next_capture_.child.channel().fd());
    next_capture_.child.hang_up();
    overlap_.reset();
    if (stopping_) return;
    const auto delay = next_capture_.child.back_off();
    tell_crash(fmt::format("{} ended before it could take the place of the one that reads: {}; started "
                           "again in {} ms",
                           next_capture_.child.name(), describe_end(wait_status), delay.count()));
    if (!capture_.child.running()) return start_later(capture_, delay);
    next_capture_.restart = loop_.after(delay, [this] {
        if (capture_.child.running()) change_capture();
    });
}

// What came before that is read by this capture no more.
void Monitor::rings_fill_since(std::chrono::steady_clock::time_point opened) {
    read_until_ = opened;
    if (!nobody_read_since_) return;
    const auto gap = std::chrono::ceil<std::chrono::milliseconds>(opened - *nobody_read_since_);
    nobody_read_since_.reset();
    if (gap.count() <= 0) return;
    status_.deaf_ms += static_cast<std::uint64_t>(gap.count());
    journal("knockd",
            fmt::format("packets are read again; some of what came in the last {} ms may not have been "
                        "read, and a knock among it must be sent again",
                        gap.count()),
            Priority::warning);
}

void Monitor::tell_crash(const std::string& line) {
    ++status_.child_crashes;
    journal("knockd", line, Priority::error);
    noticing_.child_crashed(line);
}

} // namespace otk
