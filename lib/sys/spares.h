// Processes made ahead of the commands that they become (DESIGN 9). Fork, descriptors, session and cgroup are
// behind a *spare*; what is left when its command comes is to become the user and to execute.
//
// Spares are made by the *maker*, a process forked while this one is still small: a fork, and at exec the end
// of what was forked, cost by the memory that there is. But they are children of this process
// (CLONE_PARENT): waited for, killed and dying with it like those that it forks itself. Single-threaded.
//
// The maker outlives us by a moment: what commands have started does not die with its parent, so when nobody
// holds the maker's channel any more it ends whatever runs in the groups of this life, and then itself.
#pragma once

#include "sys/cgroup.h"
#include "sys/channel.h"
#include "sys/spawn.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>

namespace otk {

class Spares {
  public:
    // Forks the maker: call it before databases are opened and memory is filled. `groups`: how the names of
    // the groups begin that this life makes, also those that it makes without a spare. Throws Error.
    explicit Spares(std::string groups);
    // Maker and spare end by themselves, because nobody holds the other end of their channels any more; waits
    // for them, for a second at most.
    ~Spares();
    Spares(const Spares&) = delete;
    Spares& operator=(const Spares&) = delete;

    // Sees to it that there is a spare, soon; returns at once. Where it cannot be had, because descriptors or
    // processes are lacking, there is none, and the next call tries again. Also starts a maker that has
    // ended.
    void provide();

    struct Started {
        RunningCommand process;
        std::optional<CommandGroup> group; // where there is one it is the command's own, from its start on
    };
    // The spare becomes this command (`command.group` is not looked at). Nothing when there is no spare, or
    // the texts are longer than it takes: then nothing was started, and spawn_command is for it. Never both:
    // a spare that dies with its command in hand shows as a command that was killed. Throws Error when the
    // groups cannot be looked up.
    [[nodiscard]] std::optional<Started> start(const CommandToRun& command);

    [[nodiscard]] const std::string& groups() const { return groups_; }

    // A child process was waited for; false when it is neither the maker nor the spare.
    bool child_ended(pid_t pid);

    // For tests: the process ids, or -1. Asks whether the spare has said that it is ready.
    [[nodiscard]] pid_t maker() const { return maker_pid_; }
    [[nodiscard]] pid_t spare();

  private:
    struct Spare {
        Channel channel;
        Fd output;
        Fd start;
        std::optional<CommandGroup> group;
        pid_t pid = -1; // until it has said that it is ready
    };
    void start_maker();
    void ask_for_spare();

    std::string groups_;
    pid_t maker_pid_ = -1;
    std::optional<Channel> maker_;
    std::optional<Spare> spare_; // made, or in the making
    std::uint64_t made_ = 0;
};

} // namespace otk
