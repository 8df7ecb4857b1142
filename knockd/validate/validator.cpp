#include "knockd/validate/validator.h"

#include "knockd/validate/loading.h"

#include <cerrno>
#include <poll.h>

#include <fmt/format.h>

namespace otk {

namespace {

// Hits that share one commit at most. More than what a commit's time lets in at a thousand knocks a second,
// few enough that a user waits for one commit and not for a queue.
constexpr std::size_t largest_batch = 512;
constexpr std::chrono::milliseconds policy_period{200}; // "within a second" (DESIGN 8)

// An owned capture may send anything: only what could be a knock is judged.
bool well_formed(const message::Hit& hit, std::uint8_t algorithms) {
    const auto number = static_cast<unsigned>(hit.algorithm);
    if (number > 7 || !(algorithms >> number & 1U)) return false;
    const bool carrier =
        hit.carrier == Carrier::udp || hit.carrier == Carrier::icmp || hit.carrier == Carrier::dns;
    return carrier && hit.value.well_formed() && hit.value.size() == value_size(hit.algorithm) &&
           hit.source.well_formed() && hit.named.well_formed() && hit.destination.well_formed();
}

} // namespace

Validator::Validator(const message::ValidateSetup& setup, PolicyStore policy, Ledger ledger, Channel monitor,
                     Channel capture) :
    setup_(setup),
    policy_(std::move(policy)), ledger_(std::move(ledger)), monitor_(std::move(monitor)),
    capture_(std::move(capture)), from_monitor_(monitor_), from_capture_(capture_),
    acceptance_(book_, memory_, ledger_, policy_, setup.window, setup.dry_run) {
    monitor_.set_nonblocking();
    capture_.set_nonblocking();
    loop_.on_readable(monitor_.fd(), [this] { hear_monitor(); });
    loop_.on_readable(capture_.fd(), [this] { hear_capture(); });
    every_period_ = loop_.every(policy_period, [this] {
        reload_policy();
        store_ends();
        tell_counters();
    });
}

// The monitor never waits for us, and capture reads while it waits for us, so this wait ends; but capture may
// be dead, and then the monitor must be able to stop us. What the monitor is still to hear it takes even when
// it has told us to finish.
void Validator::wait_for_room(const Channel& channel) {
    const bool to_monitor = &channel == &monitor_;
    std::array<pollfd, 2> wait{pollfd{channel.fd(), POLLOUT, 0},
                               pollfd{monitor_.fd(), static_cast<short>(to_monitor ? 0 : POLLRDHUP), 0}};
    if (poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR)
        throw system_error("waiting for room in a channel");
    if (wait[1].revents & (POLLHUP | POLLRDHUP)) throw Error("knockd has gone");
}

template <typename Message>
void Validator::tell_monitor(const Message& message) {
    while (monitor_.send_struct(message) == Channel::Sent::would_block)
        wait_for_room(monitor_);
}

void Validator::serve() {
    load();
    message::ValidateReady ready;
    ready.acceptance = message::Acceptance::open;
    ready.head = ledger_.head();
    ready.grants = book_.size();
    tell_monitor(ready);
    ask_for_open_commands();
    if (!setup_.dry_run) send_everything(); // there, capture's Begin is always still to come

    loop_.run();
}

void Validator::load() {
    std::vector<message::WatchEntry> not_yet;
    policy_version_ = policy_.version();
    load_chains(policy_, ledger_, setup_.algorithms, book_, not_yet);
    load_memory(ledger_, memory_);
    if (setup_.dry_run) return;
    Row row;
    row.at = clock_.now();
    row.kind = RowKind::started;
    ledger_.begin();
    (void)ledger_.append(row);
    ledger_.commit();
}

// What was accepted and has no end yet: the monitor knows whether it still runs (DESIGN 9).
void Validator::ask_for_open_commands() {
    if (setup_.dry_run) return;
    for (const Row& row : ledger_.open_commands()) {
        message::Act ask;
        ask.ask_only = 1;
        ask.row.row = row.number;
        ask.grant = row.grant;
        ask.count = row.count;
        ask.carrier = row.carrier;
        ask.at = to_nanoseconds(row.at);
        tell_monitor(ask);
    }
}

void Validator::send_everything() {
    std::vector<message::WatchEntry> all;
    all.reserve(1 + book_.size() + memory_.size());
    all.push_back({message::WatchEntry::What::reset, {}, {}});
    book_.each([&all](const Entry& entry) {
        all.push_back({message::WatchEntry::What::add_image, entry.algorithm, entry.image});
    });
    memory_.each([&all](const Known& known) {
        all.push_back({message::WatchEntry::What::add_known, known.algorithm, known.value});
    });
    send_watches(all, true);
}

void Validator::send_watches(std::span<const message::WatchEntry> entries, bool complete) {
    message::Watch watch;
    const auto send = [&] {
        while (capture_.send_struct(watch) == Channel::Sent::would_block)
            wait_for_room(capture_);
        watch.count = 0;
    };
    for (const message::WatchEntry& entry : entries) {
        watch.entries[watch.count++] = entry;
        if (watch.count == watch.entries.size()) send();
    }
    if (complete) watch.entries[watch.count++] = {message::WatchEntry::What::complete, {}, {}};
    if (watch.count > 0) send();
}

void Validator::hear_capture() {
    hits_.clear();
    bool begin = false;
    bool ended = false;
    bool broken = false;
    while (hits_.size() < largest_batch && !ended && !broken) {
        const Mailbox::Next next = from_capture_.next();
        if (next == Mailbox::Next::nothing_yet || next == Mailbox::Next::closed) break;
        if (const auto hit = from_capture_.as<message::Hit>(); hit && well_formed(*hit, setup_.algorithms)) {
            hits_.push_back(*hit);
        } else if (from_capture_.as<message::Begin>()) {
            begin = true;
        } else if (from_capture_.as<message::Ended>()) {
            ended = true;
        } else {
            broken = true;
        }
    }
    if (!hits_.empty()) judge(hits_);
    if (begin) send_everything();
    if (ended) tell_monitor(message::Ended{});
    if (broken)
        tell_monitor(message::BrokenCapture{}); // what it still has in the channel is judged like all else
}

void Validator::judge(std::span<const message::Hit> hits) {
    const Outbox out = acceptance_.take(hits, [this](const message::Hit& hit) {
        return setup_.dry_run ? from_nanoseconds(hit.at) : clock_.now();
    });
    if (out.lost > 0) {
        spend_trouble_.say(fmt::format("knocks are refused and not spent: {}", out.trouble));
    } else if (!out.acts.empty() || !out.reports.empty()) {
        spend_trouble_.over();
    }
    for (const message::Act& act : out.acts)
        tell_monitor(act);
    for (const message::Report& report : out.reports)
        tell_monitor(report);
    send_watches(out.watches, setup_.dry_run); // capture waits for `complete` after each hit of a file
}

void Validator::hear_monitor() {
    for (;;) {
        const Mailbox::Next next = from_monitor_.next();
        if (next == Mailbox::Next::nothing_yet) break;
        if (next == Mailbox::Next::closed) {
            loop_.stop();
            break;
        }
        if (const auto done = from_monitor_.as<message::Done>()) {
            ends_.take(*done);
        } else {
            const auto output = from_monitor_.as<message::Output>();
            promise(output.has_value(), "knockd sent a message that is not for knockd-validate");
            ends_.take(*output);
        }
    }
    store_ends();
}

void Validator::tell_counters() {
    if (acceptance_.counters() == told_) return;
    told_ = acceptance_.counters();
    tell_monitor(told_);
}

void Validator::store_ends() {
    try {
        for (const message::Stored& stored : ends_.store(ledger_, clock_.now()))
            tell_monitor(stored);
        ends_trouble_.over();
    } catch (const Error& error) {
        ends_trouble_.say(fmt::format("the end of a command waits to be recorded: {}", error.what()));
    }
}

// A knockmgr that was killed can leave the policy unreadable until the monitor has read it (the index of
// its log is made anew by root's connection only). What is known stays in force meanwhile.
void Validator::reload_policy() {
    std::vector<message::WatchEntry> watches;
    try {
        const std::int64_t version = policy_.version();
        if (version == policy_version_) return;
        load_chains(policy_, ledger_, setup_.algorithms, book_, watches);
        policy_version_ = version;
        policy_trouble_.over();
    } catch (const Error& error) {
        policy_trouble_.say(
            fmt::format("the policy cannot be read now, what was known stays: {}", error.what()));
    }
    send_watches(watches, false);
}

} // namespace otk
