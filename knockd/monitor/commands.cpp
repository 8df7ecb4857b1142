#include "knockd/monitor/commands.h"

#include "knockd/journal.h"

#include <array>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {

namespace {

// Spent knocks whose commands wait for their turn. More than this is no use of the suite that we know, and
// memory has an end.
constexpr std::size_t most_waiting = 10'000;

} // namespace

struct Commands::Running {
    Job job;
    RunningCommand process;
    std::optional<CommandGroup> group;
    std::unique_ptr<EventLoop::Timer> limit;
    std::chrono::steady_clock::time_point started;
    std::vector<std::uint8_t> output;
    bool truncated = false;
    bool timed_out = false;
    bool watching_output = true;
};

Commands::Commands(EventLoop& loop, unsigned most_running, std::function<void(End)> finished) :
    loop_(loop), most_running_(most_running), finished_(std::move(finished)) {}

Commands::~Commands() {
    while (!running_.empty())
        drop(running_.begin());
}

void Commands::submit(Job job) {
    if (stopping_ && job.undo) return;
    if (stopping_) return finished_(end_of(job.row, Outcome::interrupted, "knockd was ending"));
    if (waiting_.size() >= most_waiting && !job.undo) {
        return finished_(end_of(job.row, Outcome::not_started, "too many commands wait for their turn"));
    }
    waiting_.push_back(std::move(job));
    start_next();
}

bool Commands::knows(RowNumber row) const {
    const auto is_it = [row](const auto& each) { return each.second->job.row == row; };
    return std::any_of(running_.begin(), running_.end(), is_it) ||
           std::any_of(waiting_.begin(), waiting_.end(), [row](const Job& job) { return job.row == row; });
}

bool Commands::lane_is_free(const Job& job) const {
    return !job.lane || std::none_of(running_.begin(), running_.end(), [&job](const auto& running) {
        return running.second->job.lane == job.lane;
    });
}

void Commands::start_next() {
    while (running_.size() < most_running_) {
        const auto next = std::find_if(waiting_.begin(), waiting_.end(),
                                       [this](const Job& job) { return lane_is_free(job); });
        if (next == waiting_.end()) return;
        const Job job = std::move(*next);
        waiting_.erase(next);
        start_or_tell(job);
    }
}

void Commands::start_or_tell(const Job& job) {
    try {
        const Refusal refusal = job.may_start ? job.may_start() : Refusal::none;
        if (refusal == Refusal::none) return start(job);
        End end = end_of(job.row, Outcome::refused);
        end.done.refusal = refusal;
        finished_(std::move(end));
    } catch (const Error& error) { // no process or descriptor to be had: this one is lost, and told
        finished_(end_of(job.row, Outcome::not_started, error.what()));
    }
}

void Commands::start(const Job& job) {
    auto running = std::make_unique<Running>();
    running->job = job;
    running->group = CommandGroup::make(fmt::format("command-{}", static_cast<std::int64_t>(job.row)));
    running->started = std::chrono::steady_clock::now();
    CommandToRun run = job.run;
    run.group = running->group ? &*running->group : nullptr; // entered before the program starts
    running->process = spawn_command(run);
    const pid_t pid = running->process.pid;

    Running& kept = *running;
    try {
        loop_.on_readable(kept.process.output.get(), [this, &kept] { read_output(kept); });
        kept.limit = loop_.after(job.limit, [this, &kept] { time_is_up(kept); });
    } catch (...) { // no descriptor for a timer: nothing runs that nobody watches
        loop_.remove(kept.process.output.get());
        time_is_up(kept);
        throw;
    }
    running_.emplace(pid, std::move(running));
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
    finish(*found->second, wait_status);
    drop(found);
    start_next();
    return true;
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
    for (const Job& job : std::exchange(waiting_, {})) {
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
