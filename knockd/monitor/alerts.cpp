#include "knockd/monitor/alerts.h"

#include "base/text.h"
#include "config/alert_words.h"
#include "knockd/journal.h"
#include "knockd/monitor/alert_limits.h"
#include "knockd/monitor/commands.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr unsigned most_running = 2;
constexpr std::size_t most_waiting = 64; // and as many contested ones behind them
constexpr std::chrono::seconds time_limit{30};
constexpr std::chrono::minutes retry{1};

static_assert(static_cast<std::size_t>(AlertKind::guard_lost) + 1 == alert_kind_names.size());

std::size_t most_waiting_for(AlertKind kind) {
    return kind == AlertKind::contested ? 2 * most_waiting : most_waiting;
}

std::string text_of(const Address& address) { return address.empty() ? "" : address.text(); }

// In the order of alert_tokens.
std::array<std::string, alert_tokens.size()> token_values(const Alert& alert, std::uint64_t held_back) {
    std::string text = printable(alert.text);
    if (held_back > 0) text += fmt::format(" ({} held back before it)", held_back);
    return {std::string(name_of(alert.kind)),
            alert.user,
            alert.command,
            std::string(alert.carrier ? name_of(*alert.carrier) : ""),
            text_of(alert.source),
            text_of(alert.address),
            std::move(text),
            std::to_string(held_back)};
}

// What went wrong; empty when nothing did.
std::string trouble_of(const message::Done& done) {
    switch (done.outcome) {
    case Outcome::exited: return done.status == 0 ? "" : fmt::format("ended with exit code {}", done.status);
    case Outcome::killed: return fmt::format("was killed by signal {}", done.status);
    case Outcome::timed_out: return fmt::format("did not end within {} s", time_limit.count());
    case Outcome::not_started:
        return fmt::format("could not be started: {}{}{}", done.text.view(), done.status == 0 ? "" : ": ",
                           done.status == 0 ? "" : std::strerror(static_cast<int>(done.status)));
    case Outcome::none:
    case Outcome::refused:
    case Outcome::interrupted:
    case Outcome::opened:
    case Outcome::prolonged:
    case Outcome::closed:
    case Outcome::no_syns: break;
    }
    return "ended in an unknown way";
}

std::string_view first_line(const End& end) {
    const std::string_view output = as_text(end.output);
    return output.substr(0, std::min(output.find('\n'), std::size_t{200}));
}

} // namespace

std::string_view name_of(AlertKind kind) {
    const auto place = static_cast<std::size_t>(kind);
    return place < alert_kind_names.size() ? alert_kind_names[place] : "unknown";
}

std::optional<AlertKind> alert_kind_named(std::string_view name) {
    const auto found = std::find(alert_kind_names.begin(), alert_kind_names.end(), name);
    if (found == alert_kind_names.end()) return std::nullopt;
    return static_cast<AlertKind>(found - alert_kind_names.begin());
}

struct Alerts::Inside {
    EventLoop& loop;
    const Clock& clock;
    decltype(Config::alerts) rules;
    std::string groups;
    AlertLimits limits{rules.per_hour};
    Commands programs{loop, most_running, [this](const End& end) { ended(end); }, nullptr, groups};
    std::map<RowNumber, std::string> labels{}; // of what waits or runs: "alert replay: /usr/bin/tell"
    std::int64_t last = 0;
    std::uint64_t raised = 0;
    std::uint64_t held_back = 0;
    std::uint64_t held_back_since = 0; // the last one that was raised
    std::optional<Alert> newest_held_back{};
    std::function<void()> say_again{};         // never throws
    std::unique_ptr<EventLoop::Timer> later{}; // while something is held back

    [[nodiscard]] bool wanted(AlertKind kind) const { return rules.wants(name_of(kind)); }
    [[nodiscard]] bool admit(const Alert& alert) {
        return programs.waiting() < most_waiting_for(alert.kind) && limits.admit(alert, clock.now());
    }
    void raise(const Alert& alert);
    void hold_back(const Alert& alert);
    void say_what_was_held_back();
    void run(const Alert& alert);
    void ended(const End& end);
};

void Alerts::Inside::raise(const Alert& alert) {
    if (!wanted(alert.kind)) return;
    if (admit(alert)) return run(alert);
    ++held_back;
    if (++held_back_since == 1) {
        journal("knockd",
                fmt::format("alert {} is held back, as there were enough; the next one says how many",
                            name_of(alert.kind)),
                Priority::warning);
        later = loop.every(retry, say_again);
    }
    newest_held_back = alert;
}

void Alerts::Inside::say_what_was_held_back() {
    if (!newest_held_back || !admit(*newest_held_back)) return;
    const Alert alert = *newest_held_back;
    --held_back; // this one is told after all
    --held_back_since;
    run(alert);
}

void Alerts::Inside::run(const Alert& alert) {
    const auto values = token_values(alert, std::exchange(held_back_since, 0));
    newest_held_back.reset();
    later.reset();

    Job job;
    // Counted downwards, because the job's number is the name of its cgroup, and commands have the others.
    job.row = RowNumber{--last};
    CommandToRun run{expand(rules.command, alert_tokens, values), environment(alert_tokens, values),
                     std::nullopt};
    if (geteuid() == 0) {
        run.run_as = find_account(rules.run_as);
        if (!run.run_as) throw Error(fmt::format("there is no user {} ([alerts] run_as)", rules.run_as));
    }
    job.prepare = [run] { return ReadyToRun{.run = run, .limit = time_limit, .may_leave = true}; };
    labels.emplace(job.row, fmt::format("alert {}: {}", name_of(alert.kind), rules.command.front()));
    ++raised;
    programs.submit(std::move(job));
}

void Alerts::Inside::ended(const End& end) {
    const auto label = labels.extract(end.done.row);
    const std::string trouble = trouble_of(end.done);
    if (trouble.empty() || label.empty()) return;
    journal("knockd",
            fmt::format("{} {}{}{}", label.mapped(), trouble,
                        end.output.empty() ? "" : "; it said: ", first_line(end)),
            Priority::warning);
}

Alerts::Alerts(EventLoop& loop, const Clock& clock, const Config& config, const std::string& groups) :
    inside_(new Inside{loop, clock, config.alerts, groups}) {
    inside_->say_again = [this] { say_what_was_held_back(); };
}

Alerts::~Alerts() = default;

void Alerts::configure(const Config& config) {
    inside_->rules = config.alerts;
    inside_->limits.set_per_hour(config.alerts.per_hour);
}

// The journal has the event itself already: what is lost here is the telling.
void Alerts::raise(const Alert& alert) {
    try {
        inside_->raise(alert);
    } catch (const Error& error) {
        journal("knockd", fmt::format("alert {} could not be raised: {}", name_of(alert.kind), error.what()),
                Priority::error);
    }
}

void Alerts::say_what_was_held_back() {
    try {
        inside_->say_what_was_held_back();
    } catch (const Error& error) {
        journal("knockd", fmt::format("alerts that were held back could not be raised: {}", error.what()),
                Priority::error);
    }
}

bool Alerts::child_ended(pid_t pid, int wait_status) {
    return inside_->programs.child_ended(pid, wait_status);
}

std::uint64_t Alerts::raised() const { return inside_->raised; }

std::uint64_t Alerts::held_back() const { return inside_->held_back; }

std::size_t Alerts::waiting() const { return inside_->programs.waiting(); }

} // namespace otk
