// knockmgr watch: live, what arrives and what is decided.
#include "knockmgr/watch_ledger.h"

#include "base/text.h"
#include "knockmgr/as_ledger_reader.h"
#include "knockmgr/daemon.h"
#include "knockmgr/families.h"
#include "knockmgr/installation.h"

#include <csignal>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

constexpr std::uint64_t most_lines = 10'000; // a second

volatile std::sig_atomic_t asked_to_end = 0;

void note_signal(int) { asked_to_end = 1; }

// Ctrl-C comes to both halves, `kill` to this one alone: so this one ends the other by hanging up, and the
// other one, which inherits this, goes on until then.
void catch_signals() {
    struct sigaction action {};
    action.sa_handler = note_signal;
    action.sa_flags = SA_RESTART; // half a line is no line
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
        (void)sigaction(signal, &action, nullptr);
}

Arrivals arrivals_of(const Daemon& daemon) {
    Arrivals now;
    if (!daemon.running) return now;
    now.state = daemon.accepting ? Arrivals::State::accepting : Arrivals::State::not_accepting;
    now.seen = daemon.says->packets_seen.value_or(0);
    now.noise = daemon.says->noise.value_or(0);
    now.lost = daemon.says->packets_lost.value_or(0);
    now.duplicates = daemon.says->duplicates.value_or(0);
    return now;
}

// The half that sees the status file: tells the other one once a second what has changed in it.
class Teller {
  public:
    Teller(const Places& where, Channel channel) : where_(where), channel_(std::move(channel)) {
        channel_->set_nonblocking();
    }

    void tell() {
        if (asked_to_end != 0) channel_.reset();
        const auto now = std::chrono::steady_clock::now();
        if (!channel_ || (told_ && now - last_look_ < std::chrono::seconds{1})) return;
        last_look_ = now;
        const Arrivals arrivals = arrivals_of(ask_daemon(where_));
        if (told_ == arrivals) return;
        // A reader that is held up gets the sum of it later.
        if (channel_->send_struct(arrivals) == Channel::Sent::done) told_ = arrivals;
    }

  private:
    const Places& where_;
    std::optional<Channel> channel_;
    std::optional<Arrivals> told_;
    std::chrono::steady_clock::time_point last_look_{};
};

WatchWishes wishes_of(const Invocation& invocation) {
    WatchWishes wishes;
    wishes.json = invocation.json();
    const PolicyStore store = read_policy(invocation.where());
    if (const auto user = invocation.value("user")) wishes.user = user_called(store, *user).name;
    if (const auto command = invocation.value("command"))
        wishes.command = command_called(store, *command).name;
    if (const auto text = invocation.value("rate")) {
        const auto rate = parse_decimal(*text, most_lines);
        if (!rate || *rate == 0)
            throw UsageError(fmt::format("--rate {} is no number of lines a second; write 1 to {}",
                                         printable(*text), most_lines));
        wishes.rate = *rate;
    }
    if (const auto text = invocation.value("for")) {
        wishes.how_long = parse_duration(*text);
        if (!wishes.how_long)
            throw UsageError(
                fmt::format("--for {} is no duration; write for example 30s or 5m", printable(*text)));
    }
    return wishes;
}

int watch(const Invocation& invocation) {
    const Places where = invocation.where();
    const WatchWishes wishes = wishes_of(invocation);
    auto [ours, theirs] = Channel::make_pair();
    Teller teller(where, std::move(ours));
    catch_signals();
    const int kept = theirs.fd();
    return beside_ledger_reader(
        where,
        [&, &others = theirs](const std::filesystem::path& ledger) {
            return watch_ledger(ledger, std::move(others), wishes);
        },
        kept, [&] { teller.tell(); });
}

constexpr std::string_view watch_help =
    "Shows live what is decided: each row as it comes into the ledger, a quarter of a second later at\n"
    "most; and once a second, when something came, how many packets arrived, how many of them were\n"
    "noise, lost or duplicates. What is over --rate lines a second is counted and said. Ctrl-C ends\n"
    "it. Ends with an error when the ledger goes. Times are UTC.\n"
    "\n"
    "examples:\n"
    "  knockmgr watch\n"
    "  knockmgr watch --user anna --for 10m\n"
    "  knockmgr watch --json --rate 1000 | jq -c 'select(.kind == \"refused\")'\n";

} // namespace

std::vector<Subcommand> watch_subcommands() {
    return {{"watch",
             "",
             0,
             0,
             false,
             "show live what arrives and what is decided",
             watch_help,
             {{"user", "USER", "rows of this user only"},
              {"command", "COMMAND", "rows of this command only"},
              {"rate", "N", "at most N lines a second (default 20)"},
              {"for", "DURATION", "end by itself after so long: 30s, 5m"},
              {"json", "", "one JSON object in each line; times in UTC"}},
             watch}};
}

} // namespace otk::knockmgr
