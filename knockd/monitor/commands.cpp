#include "knockd/monitor/commands.h"

#include "knockd/journal.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {

namespace {

// Jobs that come to nothing, because they were revoked for example, are done with quickly, but there may be
// ten thousand of them: after so many others have their turn.
constexpr int most_in_a_turn = 64;
// An undo that cannot be started is tried again after 1, 2, 4, 8 and 16 s: about as long as a host that has
// no processes left for a moment takes to have some again.
constexpr unsigned most_tries = 6;
constexpr std::chrono::seconds first_retry{1};
// When the next spare is made: not while the command that took the last one begins, perhaps on the same
// processor.
constexpr std::chrono::milliseconds until_next_spare{10};

} // namespace

struct Commands::Running {
    Job job;
    RunningCommand process;
    std::optional<CommandGroup> group;
    bool may_leave = false;
    std::unique_ptr<EventLoop::Timer> limit;
    std::chrono::steady_clock::time_point started;
    std::vector<std::uint8_t> output;
    bool truncated = false;
    bool timed_out = false;
    bool watching_output = true;
};

Commands::Commands(EventLoop& loop, unsigned most_running, std::function<void(End)> finished, Spares* spares,
                   const std::string& groups) :
    loop_(loop),
    finished_(std::move(finished)), spares_(spares), groups_(spares == nullptr ? groups : spares->groups()),
    turns_(most_running) {
    if (spares_ != nullptr) spares_->provide();
}

Commands::~Commands() {
    kill();
    while (!running_.empty())
        drop(running_.begin());
}

void Commands::submit(Job job) {
    if (stopping_ && job.undo) return;
    if (stopping_) return finished_(end_of(job.row, Outcome::interrupted, "knockd was ending"));
    if (!job.undo) {
        const std::string_view trouble = turns_.want_of_room(job.user);
        if (!trouble.empty()) return finished_(end_of(job.row, Outcome::not_started, trouble));
    }
    turns_.add(std::move(job));
    start_next();
}

bool Commands::knows(RowNumber row) const {
    return turns_.waits(row) || retries_.contains(row) ||
           std::any_of(running_.begin(), running_.end(),
                       [row](const auto& running) { return running.second->job.row == row; });
}

void Commands::set_most_running(unsigned most) {
    turns_.set_places(most);
    start_next();
}

void Commands::start_next() {
    rest_.reset();
    for (int begun = 0; begun < most_in_a_turn || !start_rest_later(); ++begun) {
        auto job = turns_.next();
        if (!job) return;
        start_or_tell(*job);
    }
}

bool Commands::start_rest_later() {
    try {
        rest_ = loop_.after(std::chrono::nanoseconds{1}, [this] { start_next(); });
        return true;
    } catch (const Error&) { // no descriptor for a timer
        return false;
    }
}

void Commands::start_or_tell(const Job& job, unsigned tries) {
    try {
        const ReadyToRun ready = job.prepare();
        if (ready.refusal == Refusal::none) return start(job, ready);
        End end = end_of(job.row, Outcome::refused);
        end.done.refusal = ready.refusal;
        over(job, std::move(end));
    } catch (const Error& error) { // no account, process or descriptor to be had
        if (job.undo && try_later(job, tries + 1, error.what())) return;
        over(job, end_of(job.row, Outcome::not_started, error.what())); // this one is lost, and told
    }
}

// A job that had its turn has ended.
void Commands::over(const Job& job, End end) {
    turns_.ended(job);
    finished_(std::move(end));
}

// What lasts too long does harm, unlike what does not begin. False: that was the last try.
bool Commands::try_later(const Job& job, unsigned tries, const std::string& why) {
    if (tries >= most_tries) return false;
    const auto delay = first_retry * (1U << (tries - 1));
    const RowNumber row = job.row;
    try {
        retries_[row] = {job, tries, loop_.after(delay, [this, row] { try_again(row); })};
    } catch (const Error&) { // nor a timer
        retries_.erase(row);
        return false;
    }
    journal("knockd",
            fmt::format("the undo of row {} cannot be started now: {}; it is tried again in {} s",
                        static_cast<std::int64_t>(row), why, delay.count()),
            Priority::warning);
    return true;
}

void Commands::try_again(RowNumber row) {
    const auto retry = retries_.extract(row);
    start_or_tell(retry.mapped().job, retry.mapped().tries);
    start_next();
}

// Throws Error when nothing was started, and has told `ready` so.
void Commands::start(const Job& job, const ReadyToRun& ready) {
    auto running = std::make_unique<Running>();
    Running& kept = *running;
    kept.job = job;
    kept.job.prepare = nullptr;
    kept.may_leave = ready.may_leave;
    try {
        kept.started = std::chrono::steady_clock::now();
        if (ready.starts) ready.starts();
        make_process(kept, ready.run);
    } catch (const Error&) {
        if (ready.not_started) ready.not_started();
        throw;
    }
    try {
        kept.limit = loop_.after(ready.limit, [this, &kept] { time_is_up(kept); });
        loop_.on_readable(kept.process.output.get(), [this, &kept] { read_output(kept); });
        if (spares_ != nullptr) provide_later();
    } catch (const Error& error) { // nothing runs that nobody watches
        time_is_up(kept);
        return over(job, end_of(job.row, Outcome::not_started, error.what()));
    }
    running_.emplace(kept.process.pid, std::move(running));
}

void Commands::make_process(Running& running, const CommandToRun& run) {
    if (auto started = spares_ == nullptr ? std::nullopt : spares_->start(run)) {
        running.process = std::move(started->process);
        running.group = std::move(started->group);
        return;
    }
    running.group =
        CommandGroup::make(fmt::format("{}{}", groups_, static_cast<std::int64_t>(running.job.row)));
    CommandToRun in_group = run;
    in_group.group = running.group ? &*running.group : nullptr; // entered before the program starts
    running.process = spawn_command(in_group);
}

void Commands::provide_later() {
    if (provide_ || stopping_) return;
    try {
        provide_ = loop_.after(until_next_spare, [this] {
            provide_.reset();
            spares_->provide();
        });
    } catch (const Error&) { // no descriptor for a timer: the next command tries again
    }
}

void Commands::read_output(Running& running) {
    std::array<std::uint8_t, 4096> buffer{};
    // A command that never stops writing gets its turn again: others must have theirs.
    for (int turns = 0; turns < 64; ++turns) {
        const ssize_t got = read(running.process.output.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            if (got == 0 && std::exchange(running.watching_output, false))
                loop_.remove(running.process.output.get());
            return;
        }
        const std::size_t room = message::largest_output - running.output.size();
        const auto kept = std::min(static_cast<std::size_t>(got), room);
        running.output.insert(running.output.end(), buffer.begin(),
                              buffer.begin() + static_cast<std::ptrdiff_t>(kept));
        running.truncated = running.truncated || kept < static_cast<std::size_t>(got);
    }
}

void Commands::time_is_up(Running& running) {
    running.timed_out = true;
    kill_group(running.process.pid, SIGKILL);
    if (running.group) running.group->kill_all(); // whoever left the process group is here
}

bool Commands::child_ended(pid_t pid, int wait_status) {
    const auto found = running_.find(pid);
    if (found == running_.end()) return false;
    turns_.ended(found->second->job);
    end_rest(*found->second, wait_status);
    finish(*found->second, wait_status);
    drop(found);
    start_next();
    return true;
}

// A command is its program and what that started: what outlived the program would have no time limit, and
// nobody who knows of it.
void Commands::end_rest(Running& running, int wait_status) {
    const bool well = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0 && !running.timed_out;
    if (!well || !running.may_leave) {
        kill_group(running.process.pid, SIGKILL);
        if (running.group) running.group->kill_all();
    } else if (running.group && !running.group->leave()) {
        journal("knockd",
                fmt::format("what the command of row {} left running cannot be marked as such: it "
                            "ends when knockd ends",
                            static_cast<std::int64_t>(running.job.row)),
                Priority::warning);
    }
}

void Commands::finish(Running& running, int wait_status) {
    if (running.watching_output) read_output(running); // what is still in the pipe
    const auto duration = std::chrono::steady_clock::now() - running.started;

    End end = end_of(running.job.row, Outcome::exited);
    StartFailure failure;
    if (read(running.process.start.get(), &failure, sizeof failure) == sizeof failure) {
        end = end_of(running.job.row, Outcome::not_started, name_of(failure.step));
        end.done.status = failure.error;
    } else if (stopping_ && WIFSIGNALED(wait_status)) { // by us, most likely
        end.done.outcome = Outcome::interrupted;
        end.done.text = message::Text<128>::of("knockd was ending");
    } else if (running.timed_out) {
        end.done.outcome = Outcome::timed_out;
    } else if (WIFSIGNALED(wait_status)) {
        end.done.outcome = Outcome::killed;
        end.done.status = WTERMSIG(wait_status);
    } else {
        end.done.status = WEXITSTATUS(wait_status);
    }
    end.done.duration_ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    end.done.output_size = static_cast<std::uint32_t>(running.output.size());
    end.done.output_truncated = running.truncated;
    end.output = std::move(running.output);
    finished_(std::move(end));
}

void Commands::drop(std::map<pid_t, std::unique_ptr<Running>>::iterator running) {
    if (running->second->watching_output) loop_.remove(running->second->process.output.get());
    running_.erase(running);
}

void Commands::stop() {
    stopping_ = true;
    for (const auto& [row, retry] : std::exchange(retries_, {}))
        turns_.ended(retry.job);
    for (const Job& job : turns_.take_all()) {
        if (!job.undo) finished_(end_of(job.row, Outcome::interrupted, "knockd was ending"));
    }
    for (const auto& [pid, running] : running_) {
        if (!running->job.undo) kill_group(pid, SIGTERM);
    }
}

void Commands::kill() {
    for (const auto& [pid, running] : running_)
        time_is_up(*running);
}

} // namespace otk
