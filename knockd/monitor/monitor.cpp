#include "knockd/monitor/monitor.h"

#include "base/text.h"
#include "knockd/journal.h"
#include "knockd/monitor/check.h"
#include "knockd/monitor/descriptors.h"
#include "knockd/monitor/lines.h"
#include "knockd/monitor/setup.h"
#include "sys/notify.h"

#include <climits>
#include <csignal>

#include <fmt/format.h>

namespace otk {

namespace {

// Hits and images on their way between capture and validate: room for what arrives during one slow commit.
constexpr int between_room = 4 * 1024 * 1024;
constexpr std::chrono::milliseconds policy_period{250}; // "within a second" (DESIGN 8)

// A child that a killed knockd was just starting holds that one's lock until its program starts.
constexpr std::chrono::seconds lock_patience{2};

// After an upgrade the daemon may be the first to come; its helper may only read.
PolicyStore up_to_date(const std::filesystem::path& file) {
    PolicyStore::bring_up_to_date(file);
    return PolicyStore::open_for_reading(file);
}

} // namespace

Monitor::Monitor(Config config, const Places& places, std::function<Config()> read_config, Spares& spares) :
    config_(std::move(config)), places_(places), read_config_(std::move(read_config)), spares_(spares),
    policy_(up_to_date(places.policy_db)), lock_(WriterLock::patiently(places.mark, lock_patience)),
    left_over_(end_groups(group_names(places.state).all)), mark_(places.mark),
    guard_file_(places.guard, policy_, clock_), status_file_(places.status), metrics_file_(config_),
    between_(Channel::make_pair()), alerts_(loop_, clock_, config_, spares_.groups() + "alert-"),
    noticing_(config_, [this](const Alert& alert) { alerts_.raise(alert); }), flood_(config_),
    started_undos_(places.started_undos), doors_file_(places.doors),
    doors_(loop_, clock_, policy_, config_, places_,
           {[this](RowNumber hold, const Address& by) { claimed(hold, by); },
            [this](RowNumber hold, const Address& source) { refused_connection(hold, source); },
            [this](RowNumber hold, const std::string& why) { lost_relay(hold, why); },
            [this](const std::string& what) { guard_lost(what); }, [this] { return guard_file_.held(); },
            [this](const auto& visit) { actor_.holds().each(visit); }}),
    actor_({loop_, clock_, policy_, doors_, mark_, started_undos_, status_, noticing_, &spares_}, config_,
           {[this](const End& end) { send(end); },
            [this](const message::Release& release) {
                if (accepting()) to_validate_.send(release); // else it is sent when validate is ready
            },
            [this] { doors_changed(); }}),
    policy_watch_(policy_, actor_) {
    between_.first.widen(between_room);
    between_.second.widen(between_room);
    status_.started = clock_.now();
    if (left_over_ > 0)
        journal("knockd",
                fmt::format("{} command(s) of an earlier knockd still had processes; they were killed",
                            left_over_),
                Priority::warning);
    provide();
}

void Monitor::provide() const {
    const std::string trouble = provide_descriptors(config_);
    if (!trouble.empty()) journal("knockd", trouble, Priority::warning);
}

void Monitor::show_state_to(const Config& config) {
    const Readers readers = state_readers(config);
    status_file_.show_to(readers);
    doors_file_.show_to(readers);
}

void Monitor::serve() {
    show_state_to(config_);
    must_have_accounts(config_); // who cannot become them could only fail
    if (!CommandGroup::make(spares_.groups() + "try"))
        journal("knockd",
                "no cgroup can be made here: what leaves the process group of its command goes on after it",
                Priority::warning);
    loop_.on_signals({SIGTERM, SIGINT, SIGHUP, SIGCHLD}, [this](int signal) { on_signal(signal); });
    loop_.after_each([this] { to_validate_.flush(); });
    look_for_guard();
    guard_file_.configure(config_);
    start(validate_);
    start(capture_);
    second_ = loop_.every(std::chrono::seconds{1}, [this] { every_second(); });
    policy_period_ = loop_.every(policy_period, [this] {
        policy_watch_.look();
        guard_file_.look();
    });
    begin_watchdog();
    loop_.run();
    mark_.flush();
    status_file_.remove();
    metrics_file_.remove();
}

void Monitor::start(Helper& helper) {
    helper.ready = false;
    helper.begun = false;
    helper.once_more = false;
    helper.last_word.clear();
    helper.liveness.begin();
    helper.restart.reset();
    if (&helper == &capture_) {
        next_capture_.restart.reset(); // this one has the newest configuration
        changing_capture_ = false;
        read_until_ = std::chrono::steady_clock::now();
        tell_losses();
        status_.counters = {}; // each counts from its own start
        status_.capture_started = clock_.now();
        host_watch_.note(config_);
        helper.child.start(between_.first.fd(), -1, capture_setup(config_, places_, false));
    } else {
        status_.repeated = {};
        status_.validate_started = clock_.now();
        to_validate_.forget();
        helper.child.start(between_.second.fd(), -1, validate_setup(config_, places_, mark_.head(), false));
    }
    loop_.on_readable(helper.child.channel().fd(), [this, &helper] { hear(helper, messages_in_a_turn); });
}

// A child that breaks its contract is killed and started again: it may be owned, and a fresh one is not.
// `most`: one that never stops talking must not keep the monitor from everything else.
void Monitor::hear(Helper& helper, int most) {
    const GatheredLines lines;
    const GrantCache::Turn turn = actor_.turn();
    const auto goes_on = [&helper, most](int heard) {
        return helper.child.connected() && (heard < most || helper.child.mailbox().more());
    };
    for (int heard = 0; goes_on(heard); ++heard) {
        switch (helper.child.mailbox().next()) {
        case Mailbox::Next::nothing_yet: return;
        case Mailbox::Next::closed:
            loop_.remove(helper.child.channel().fd());
            // One that hung up by itself is of no use any more, whether or not it ends; its end tells the
            // rest.
            if (!stopping_ && !helper.expected_to_end) helper.child.kill();
            return;
        case Mailbox::Next::broken: return end_broken(helper);
        case Mailbox::Next::message: sign_of_life(helper);
        }
        try {
            if (!(&helper == &capture_ ? take_from_capture() : take_from_validate()))
                return end_broken(helper);
        } catch (
            const Error& error) { // a policy that cannot be read now: started again, it tells all once more
            journal("knockd", fmt::format("{}; {} is started again", error.what(), helper.child.name()),
                    Priority::error);
            loop_.remove(helper.child.channel().fd());
            return helper.child.kill();
        }
    }
}

void Monitor::end_broken(Helper& helper) {
    journal("knockd",
            helper.child.name() + " sent a message that breaks its contract; it is killed and started again",
            Priority::error);
    if (helper.child.connected()) loop_.remove(helper.child.channel().fd());
    helper.child.kill();
}

// One that cannot start is told to the service manager at once: who starts us must not wait until it gives
// up. It is tried again all the same, while guard and doors are kept.
void Monitor::say_readiness() {
    if (const std::string trouble = unable(); !trouble.empty()) {
        (void)write_status();
        return notify_service_manager("READY=1\nSTATUS=not accepting: " + trouble);
    }
    if (!capture_.ready || !validate_.ready || changing_capture_ || capture_.once_more) return;
    (void)write_status();
    const bool open = status_.acceptance == message::Acceptance::open;
    if (open && !std::exchange(said_ready_, true))
        journal("knockd", fmt::format("ready: {} grant(s)", status_.grants), Priority::notice);
    notify_service_manager(open ? "READY=1\nSTATUS=accepting knocks" + dns_remark_
                                : "READY=1\nSTATUS=not accepting: see the journal");
}

void Monitor::send(const End& end) {
    if (!validate_.child.connected() || !accepting()) return; // it will ask
    to_validate_.send(end.done);
    for (std::size_t at = 0; at < end.output.size();) {
        message::Output output;
        output.row = end.done.row;
        output.size = static_cast<std::uint32_t>(std::min(end.output.size() - at, output.bytes.size()));
        std::copy_n(end.output.begin() + static_cast<std::ptrdiff_t>(at), output.size, output.bytes.begin());
        to_validate_.send(output);
        at += output.size;
    }
}

void Monitor::child_ended() {
    while (const auto ended = ended_child()) {
        const auto [pid, wait_status] = *ended;
        if (pid == next_capture_.child.pid()) next_capture_ended(wait_status);
        for (Helper* helper : {&capture_, &validate_}) {
            if (pid == helper->child.pid()) helper_ended(*helper, wait_status);
        }
        if (!actor_.commands().child_ended(pid, wait_status) && !doors_.child_ended(pid, wait_status) &&
            !alerts_.child_ended(pid, wait_status)) {
            (void)spares_.child_ended(pid);
        }
        wait_for_ended(*ended);
    }
    if (stopping_) stop_further();
}

void Monitor::helper_ended(Helper& helper, int wait_status) {
    helper.child.ended();
    const auto read_until = read_until_; // what it says now it has said before
    hear(helper, INT_MAX); // what it had still said: knocks that were spent shall not be lost with it
    if (helper.child.connected()) loop_.remove(helper.child.channel().fd());
    helper.child.hang_up();
    const bool was_ready = std::exchange(helper.ready, false);
    if (stopping_) return;
    const bool expected = std::exchange(helper.expected_to_end, false);
    const bool another = &helper == &capture_ && next_capture_.child.running();
    if (&helper == &capture_) capture_ended(expected, read_until);
    if (expected) return another ? void() : start_later(helper, std::chrono::milliseconds{1});
    if (another)
        return tell_crash(fmt::format("{} ended unexpectedly: {}; another one takes its place",
                                      helper.child.name(), describe_end(wait_status)));
    const auto delay = helper.child.back_off();
    const std::string why = std::exchange(helper.last_word, {});
    if (!was_ready) helper.cannot_start = why.empty() ? describe_end(wait_status) : why;
    tell_crash(fmt::format("{} ended unexpectedly: {}; started again in {} ms", helper.child.name(),
                           describe_end(wait_status), delay.count()));
    say_readiness();
    start_later(helper, delay);
}

// A process that cannot be had now (no memory, no descriptors) may be had in a while; the others go on.
void Monitor::start_later(Helper& helper, std::chrono::milliseconds delay) {
    helper.restart = loop_.after(delay, [this, &helper] {
        try {
            start(helper);
        } catch (const Error& error) {
            journal("knockd", error.what(), Priority::error);
            start_later(helper, helper.child.back_off());
        }
    });
}

void Monitor::on_signal(int signal) {
    switch (signal) {
    case SIGCHLD: return child_ended();
    case SIGHUP: return reload();
    default: return stop();
    }
}

// The filter of capture is locked and the others have no files: a new configuration means new processes. What
// is queued between them and what runs goes on.
void Monitor::reload() {
    if (stopping_) return;
    notify_service_manager("RELOADING=1");
    try {
        Config config = read_config_();
        must_be_usable(config, places_); // what is wrong with it must be wrong now
        show_state_to(config);
        config_ = std::move(config);
        guard_file_.configure(config_);
        provide();
        actor_.configure(config_);
        doors_.configure(config_);
        alerts_.configure(config_);
        noticing_.configure(config_);
        flood_.configure(config_);
        metrics_file_.configure(config_);
        journal("knockd", "the configuration was read again", Priority::notice);
        said_ready_ = false;
        start_again(capture_);
        start_again(validate_);
    } catch (const Error& error) {
        journal("knockd",
                fmt::format("the new configuration is refused and the old one stays: {}", error.what()),
                Priority::error);
        notify_service_manager("READY=1");
    }
}

} // namespace otk
