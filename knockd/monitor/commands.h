// The commands that knocks trigger (DESIGN 9): started as other users, watched, limited in time and number,
// their output kept. Nothing here blocks.
#pragma once

#include "knockd/messages.h"
#include "knockd/monitor/ends.h"
#include "knockd/monitor/turns.h"
#include "sys/cgroup.h"
#include "sys/event_loop.h"
#include "sys/spares.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace otk {

class Commands {
  public:
    // At most `most_running` at once; others wait for their turn. `finished` is called once for each job:
    // also for one that there is no room for, or that cannot be started (not_started). An undo that cannot be
    // started is tried again a few times. `spares`: where a command's process comes from, if it has one
    // ready; nullptr: each is forked. `groups`: how the names of their cgroups begin where there are no
    // spares to say it. The loop and the spares outlive this.
    Commands(EventLoop& loop, unsigned most_running, std::function<void(End)> finished,
             Spares* spares = nullptr, const std::string& groups = "command-");
    ~Commands(); // kills what still runs

    void submit(Job job);
    [[nodiscard]] bool knows(RowNumber row) const; // waiting or running
    void set_most_running(unsigned most);

    // A child process has ended, and is not waited for yet (ended_child()). What else it started ends with
    // it, unless it ended well and its job may leave something. False when it is none of these.
    bool child_ended(pid_t pid, int wait_status);

    // For the end of the daemon: what waits is interrupted and never started, what runs gets SIGTERM.
    void stop();
    // And whatever still runs after that is killed and interrupted.
    void kill();
    [[nodiscard]] std::size_t running() const { return running_.size(); }
    [[nodiscard]] std::size_t waiting() const { return turns_.waiting() + retries_.size(); }

  private:
    struct Running;
    struct Retry {
        Job job;
        unsigned tries = 0; // so far
        std::unique_ptr<EventLoop::Timer> timer{};
    };
    void start_next();
    [[nodiscard]] bool start_rest_later();
    void start_or_tell(const Job& job, unsigned tries = 0);
    void start(const Job& job, const ReadyToRun& ready);
    void make_process(Running& running, const CommandToRun& run);
    void provide_later();
    [[nodiscard]] bool try_later(const Job& job, unsigned tries, const std::string& why);
    void try_again(RowNumber row);
    void over(const Job& job, End end);
    void read_output(Running& running);
    void time_is_up(Running& running);
    void end_rest(Running& running, int wait_status);
    void finish(Running& running, int wait_status);
    void drop(std::map<pid_t, std::unique_ptr<Running>>::iterator running);

    EventLoop& loop_;
    std::function<void(End)> finished_;
    Spares* spares_;
    std::string groups_;
    std::unique_ptr<EventLoop::Timer> provide_; // the next spare
    Turns turns_;
    std::map<pid_t, std::unique_ptr<Running>> running_;
    std::map<RowNumber, Retry> retries_;     // undos; each has its place and its lane
    std::unique_ptr<EventLoop::Timer> rest_; // of what is to start, in another turn of the loop
    bool stopping_ = false;
};

} // namespace otk
