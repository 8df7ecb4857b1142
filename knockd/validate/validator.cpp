#include "knockd/validate/validator.h"

#include "knockd/validate/confirming.h"
#include "knockd/validate/loading.h"
#include "knockd/validate/resuming.h"

#include <poll.h>

#include <fmt/format.h>

namespace otk {

namespace {

// Hits that share one commit at most. More than what a commit's time lets in at a thousand knocks a second,
// few enough that a user waits for one commit and not for a queue.
constexpr std::size_t largest_batch = 512;
// Messages of capture in a turn: those hits with their requests, and what else it says.
constexpr std::size_t most_heard = 4 * largest_batch;
// What the monitor says and shares a commit at most; then knocks have their turn.
constexpr std::size_t messages_in_a_turn = 512;
// A knock that could not be spent says for so long that the next one cannot be either.
constexpr std::chrono::minutes refusal_counts{1};
constexpr std::chrono::minutes new_for{1};              // of a known value, as capture takes it (hold_back.h)
constexpr std::size_t most_ends_waiting = 8192;         // then they are stored though knocks wait
constexpr std::chrono::milliseconds policy_period{200}; // "within a second" (DESIGN 8)
constexpr unsigned most_periods_quiet = 5;              // once a second the monitor hears of us in any case

} // namespace

Validator::Validator(const message::ValidateSetup& setup, PolicyStore policy, Ledger ledger, Channel monitor,
                     Channel capture) :
    setup_(setup),
    policy_(std::move(policy)), ledger_(std::move(ledger)), monitor_(std::move(monitor)),
    capture_(std::move(capture)), from_monitor_(monitor_), from_capture_(capture_),
    outlet_(monitor_, capture_), server_keys_(setup.server_keys.view()),
    sessions_({ledger_, outlet_, clock_,
               [] { return std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}; },
               system_random, setup.forward_ports}),
    book_(setup.few_left), acceptance_(book_, memory_, ledger_, policy_,
                                       {.window = setup.window,
                                        .forward_ports = setup.forward_ports,
                                        .report_duplicates = setup.dry_run,
                                        .clock_skew = std::chrono::seconds{setup.clock_skew},
                                        .server_keys = setup.dynamic ? &server_keys_ : nullptr}),
    requests_(book_, memory_, ledger_, policy_),
    retention_(ledger_, std::chrono::seconds{setup.keep}, std::chrono::seconds{setup.output_keep}) {
    monitor_.set_nonblocking();
    capture_.set_nonblocking();
    loop_.after_each([this] { outlet_.flush(); });
    loop_.on_readable(monitor_.fd(), [this] { hear_monitor(); });
    loop_.on_readable(capture_.fd(), [this] { hear_capture(); });
    every_period_ = loop_.every(policy_period, [this] {
        reload_policy();
        (void)server_keys_.at(clock_.now()); // what is over by now is wiped
        do_requests();
        open_doors();
        sessions_.look_at_clock();
        store_ends();
        prune();
        tell_counters();
    });
    every_hour_ = loop_.every(std::chrono::hours{1}, [this] { prune_due_ = true; });
}

void Validator::serve() {
    load();
    resume();
    if (!setup_.dry_run) send_everything(); // there, capture's Begin is always still to come

    loop_.run();
}

void Validator::load() {
    policy_version_ = policy_.version();
    policy_change_ = policy_.newest_change(); // before the chains: what changes meanwhile is read once more
    load_all_chains(policy_, ledger_, setup_.algorithms, book_);
    load_memory(ledger_, memory_);
    load_server_keys();
    if (setup_.dry_run) return;
    Row row;
    row.at = clock_.now();
    row.kind = RowKind::started;
    ledger_.begin();
    (void)ledger_.append(row);
    ledger_.commit();
    try {
        ledger_.lengthen_log();
    } catch (const Error& error) {
        journal("knockd-validate", fmt::format("until the next start a knock takes longer: {}", error.what()),
                Priority::warning);
    }
}

// The monitor knows what there is to close before it hears of new knocks, and whether an open command still
// runs (DESIGN 9).
void Validator::resume() {
    if (!setup_.dry_run) {
        for (const message::Held& hold : held(ledger_))
            outlet_.tell_monitor(hold);
    }
    message::ValidateReady ready;
    ready.acceptance = message::Acceptance::open;
    ready.head = ledger_.head();
    ready.grants = book_.size();
    outlet_.tell_monitor(ready);
    if (!setup_.dry_run) {
        for (const message::Act& ask : questions(ledger_))
            outlet_.tell_monitor(ask);
    }
    outlet_.flush();
}

void Validator::send_everything() {
    using What = message::WatchEntry::What;
    constexpr std::size_t piece = 4096; // of a million; tell_watches makes messages of them
    std::vector<message::WatchEntry> some;
    some.reserve(piece);
    const auto say = [&](What what, Algorithm algorithm, const Value& value) {
        some.push_back({what, algorithm, value});
        if (some.size() < piece) return;
        outlet_.tell_watches(some, false);
        some.clear();
    };
    say(What::reset, {}, {});
    book_.each([&](const Entry& entry) { say(What::add_image, entry.algorithm, entry.image); });
    const Time now = clock_.now();
    memory_.each([&](const Known& known) {
        const bool is_new = now - known.last_seen < new_for;
        say(is_new ? What::add_new_known : What::add_known, known.algorithm, known.value);
    });
    outlet_.tell_watches(some, true);
}

void Validator::hear_capture() {
    hits_.clear();
    bool begin = false;
    bool ended = false;
    bool broken = false;
    for (std::size_t heard = 0; heard < most_heard || from_capture_.more(); ++heard) {
        if (ended || broken) break;
        if (hits_.all().size() >= largest_batch && !from_capture_.more()) break;
        const Mailbox::Next next = from_capture_.next();
        if (next == Mailbox::Next::nothing_yet || next == Mailbox::Next::closed) break;
        const Hits::Taken taken = hits_.take(from_capture_);
        if (taken != Hits::Taken::not_a_hit) {
            broken = taken == Hits::Taken::broken;
        } else if (const auto arrived = from_capture_.as<message::Arrived>()) {
            sessions_.arrived(*arrived);
        } else if (const auto asked = from_capture_.as<message::Asked>()) {
            sessions_.asked(*asked);
        } else if (from_capture_.as<message::Begin>()) {
            begin = true;
            hits_.begin_again();
        } else if (setup_.dry_run && from_capture_.as<message::Ended>()) {
            ended = true;
        } else {
            broken = true;
        }
    }
    if (broken) from_capture_.drop_rest();
    if (!hits_.all().empty()) judge();
    open_doors();
    if (begin) {
        send_everything();
        sessions_.say_all();
    }
    if (ended) outlet_.tell_monitor(message::Ended{});
    // What it still has in the channel is judged like all else.
    if (broken) outlet_.tell_monitor(message::BrokenCapture{});
}

void Validator::judge() {
    Outbox out = acceptance_.take(hits_.all(), hits_.requests(), [this](const message::Hit& hit) {
        return setup_.dry_run ? from_nanoseconds(hit.at) : clock_.now();
    });
    if (out.lost > 0) {
        spend_trouble_.say(fmt::format("knocks are refused and not spent: {}", out.trouble));
        refused_unspent_ = std::chrono::steady_clock::now();
    } else if (!out.acts.empty() || !out.reports.empty()) {
        spend_trouble_.over();
        refused_unspent_.reset();
    }
    for (const message::Act& act : out.acts)
        outlet_.tell_monitor(act);
    for (const message::Report& report : out.reports)
        outlet_.tell_monitor(report);
    outlet_.flush();       // commands begin while capture hears the rest
    if (!setup_.dry_run) { // nothing comes after it there
        for (AcceptedRequest& request : out.requests)
            sessions_.begin(std::move(request));
    }
    if (setup_.confirm) {
        for (const message::Confirm& confirm : out.confirms)
            outlet_.tell_capture(confirm);
    }
    // Capture waits for `complete` after each hit of a file.
    outlet_.tell_watches(out.watches, setup_.dry_run);
}

void Validator::hear_monitor() {
    for (std::size_t heard = 0; heard < messages_in_a_turn || from_monitor_.more(); ++heard) {
        const Mailbox::Next next = from_monitor_.next();
        if (next == Mailbox::Next::nothing_yet) break;
        if (next == Mailbox::Next::closed) {
            loop_.stop();
            break;
        }
        if (const auto done = from_monitor_.as<message::Done>()) {
            take_done(*done);
        } else if (const auto release = from_monitor_.as<message::Release>()) {
            releases_.take(*release);
        } else {
            const auto output = from_monitor_.as<message::Output>();
            promise(output.has_value(), "knockd sent a message that is not for knockd-validate");
            ends_.take(*output);
        }
    }
    if (!hits_wait() || ends_.size() >= most_ends_waiting) store_ends();
}

// Spends go first: while knocks wait, the ends of earlier ones wait for the period and share its commit.
bool Validator::hits_wait() const {
    pollfd hits{capture_.fd(), POLLIN, 0};
    return poll(&hits, 1, 0) > 0 && (hits.revents & POLLIN) != 0;
}

// Whoever waits to hear what became of her knock does not wait for its end to be stored.
void Validator::take_done(const message::Done& done) {
    sessions_.ended(done);
    std::optional<Row> knock;
    try {
        knock = ledger_.row(done.row);
    } catch (const Error&) {
        knock.reset(); // that the ledger cannot be used is said where the end is to be stored
    }
    ends_.take(done, knock);
    if (!setup_.confirm || !knock) return;
    if (const auto confirm = confirm_end(done, *knock, clock_.now())) outlet_.tell_capture(*confirm);
}

void Validator::tell_counters() {
    message::ValidateCounters counters = acceptance_.counters();
    counters.requests_waiting = sessions_.counts().waiting;
    counters.requests_open = sessions_.counts().open;
    counters.few_left = book_.running_out().few;
    counters.exhausted = book_.running_out().none;
    const auto since = std::chrono::steady_clock::now() - refusal_counts;
    counters.refusing = refused_unspent_ && *refused_unspent_ > since ? 1 : 0;
    if (counters == told_ && ++periods_quiet_ < most_periods_quiet) return;
    periods_quiet_ = 0;
    told_ = counters;
    outlet_.tell_monitor(told_);
}

void Validator::store_ends() {
    try {
        for (const message::Stored& stored : ends_.store(ledger_, clock_.now()))
            outlet_.tell_monitor(stored);
        for (const message::Released& released : releases_.store(ledger_, clock_.now())) {
            outlet_.tell_monitor(released);
            sessions_.released(released.hold);
            const bool said = setup_.confirm && released.row.row != RowNumber{} && released.undo == 0;
            const auto knock = said ? ledger_.row(released.hold) : std::nullopt;
            const auto closed = knock ? confirm_closed(*knock, clock_.now()) : std::nullopt;
            if (closed) outlet_.tell_capture(*closed);
        }
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
        policy_change_ =
            load_changed_chains(policy_, ledger_, setup_.algorithms, policy_change_, book_, watches);
        load_server_keys();
        policy_version_ = version;
        requests_due_ = true;
        policy_trouble_.over();
    } catch (const Error& error) {
        policy_trouble_.say(
            fmt::format("the policy cannot be read now, what was known stays: {}", error.what()));
    }
    outlet_.tell_watches(watches, false);
}

void Validator::load_server_keys() {
    if (!setup_.dynamic) return;
    std::vector<std::string> troubles = server_keys_.load(policy_, clock_.now());
    if (troubles.empty() && server_keys_.at(clock_.now()).empty())
        troubles.emplace_back("dynamic mode is on, and the server has no key that is in force: requests are "
                              "refused until `knockmgr key rotate` makes one");
    if (troubles == key_troubles_) return; // said already
    for (const std::string& trouble : troubles)
        journal("knockd-validate", trouble, Priority::warning);
    key_troubles_ = std::move(troubles);
}

// Of dynamic requests whose SYNs have come.
void Validator::open_doors() {
    try {
        sessions_.open_doors();
        doors_trouble_.over();
    } catch (const Error& error) {
        doors_trouble_.say(
            fmt::format("the door of a dynamic request waits to be recorded: {}", error.what()));
    }
}

void Validator::do_requests() {
    if (!requests_due_ || setup_.dry_run) return;
    try {
        while (const auto answer = requests_.next(policy_version_, clock_.now())) {
            journal("knockd-validate", answer->line, Priority::notice);
            outlet_.tell_watches(answer->watches, false);
        }
        requests_due_ = false;
        request_trouble_.over();
    } catch (const Error& error) {
        request_trouble_.say(fmt::format("a request of an administrator waits to be done: {}", error.what()));
    }
}

// One batch each period until nothing is left.
void Validator::prune() {
    if (!prune_due_ || setup_.dry_run) return;
    try {
        prune_due_ = retention_.work(clock_.now());
        prune_trouble_.over();
    } catch (const Error& error) {
        prune_trouble_.say(fmt::format("what is older than the configuration says waits to be removed from "
                                       "the ledger: {}",
                                       error.what()));
    }
}

} // namespace otk
