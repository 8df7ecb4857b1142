// The commands that knocks trigger (DESIGN 9): started as other users, watched, limited in time and number,
// their output kept. Nothing here blocks.
#pragma once

#include "knockd/messages.h"
#include "knockd/monitor/ends.h"
#include "sys/cgroup.h"
#include "sys/event_loop.h"
#include "sys/spawn.h"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace otk {

// What is to be run for one spent knock.
struct Job {
    RowNumber row{}; // of the knock: its name everywhere
    CommandToRun run;
    std::chrono::seconds limit{};
    // Jobs of one lane run one after the other, in their order: a command and its undo, never both at a time.
    std::optional<GrantId> lane{};
    // Asked when its turn comes: what was waiting may have been revoked meanwhile. A refusal ends it.
    std::function<Refusal()> may_start{};
    // An undo: is never refused for want of room, and when knockd ends it is left to run to its end; one that
    // waits is forgotten then, because it is started by the next knockd.
    bool undo = false;
};

class Commands {
  public:
    // At most `most_running` at once; others wait in order. `finished` is called once for each job. The loop
    // outlives this.
    Commands(EventLoop& loop, unsigned most_running, std::function<void(End)> finished);
    ~Commands();

    void submit(Job job);
    [[nodiscard]] bool knows(RowNumber row) const; // waiting or running
    void set_most_running(unsigned most) { most_running_ = most; }

    // A child process was waited for; false when it is none of these.
    bool child_ended(pid_t pid, int wait_status);

    // For the end of the daemon: what waits is interrupted and never started, what runs gets SIGTERM.
    void stop();
    // And whatever still runs after that is killed and interrupted.
    void kill();
    [[nodiscard]] std::size_t running() const { return running_.size(); }
    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

  private:
    struct Running;
    void start_next();
    void start_or_tell(const Job& job);
    void start(const Job& job);
    [[nodiscard]] bool lane_is_free(const Job& job) const;
    void read_output(Running& running);
    void time_is_up(Running& running);
    void finish(Running& running, int wait_status);
    void drop(std::map<pid_t, std::unique_ptr<Running>>::iterator running);

    EventLoop& loop_;
    unsigned most_running_;
    std::function<void(End)> finished_;
    std::deque<Job> waiting_;
    std::map<pid_t, std::unique_ptr<Running>> running_;
    bool stopping_ = false;
};

} // namespace otk
