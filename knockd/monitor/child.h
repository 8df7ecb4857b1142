// One helper process of the monitor and the channel to it.
#pragma once

#include "base/fd.h"
#include "knockd/mailbox.h"
#include "sys/channel.h"
#include "sys/spawn.h"

#include <chrono>
#include <memory>
#include <string>
#include <sys/types.h>

namespace otk {

class Child {
  public:
    explicit Child(std::string name, OrphanedHelper orphaned = OrphanedHelper::is_killed) :
        name_(std::move(name)), orphaned_(orphaned) {}

    // Starts the program with its channel at descriptor 3, `peer` at 4 and `file` (or -1: none) at 5, and
    // sends it `setup`. Throws Error.
    template <typename Setup>
    void start(int peer, int file, const Setup& setup) {
        spawn(peer, file);
        (void)channel().send_struct(setup); // to one that has ended already: its end will be told
        channel().set_nonblocking();
    }

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] pid_t pid() const { return pid_; } // -1: not running
    [[nodiscard]] bool running() const { return pid_ > 0; }
    [[nodiscard]] Channel& channel() { return *channel_; } // only while there is one
    [[nodiscard]] Mailbox& mailbox() { return *mailbox_; }
    [[nodiscard]] bool connected() const { return channel_ != nullptr; }

    // Tells the child to finish: it hears nothing more and ends by itself. What it says until then can still
    // be read.
    void finish();
    // The channel goes.
    void hang_up();
    void kill();
    // The process with this pid has been waited for; what it sent before can still be read.
    void ended();

    // How long to wait before it is started again: longer each time, short again after it ran for a minute.
    [[nodiscard]] std::chrono::milliseconds back_off();

  private:
    void spawn(int peer, int file);

    std::string name_;
    OrphanedHelper orphaned_;
    pid_t pid_ = -1;
    std::unique_ptr<Channel> channel_;
    std::unique_ptr<Mailbox> mailbox_;
    std::chrono::steady_clock::time_point started_{};
    std::chrono::milliseconds delay_{100};
};

// "signal 9 (Killed)" or "exit code 1": how a process ended, from its wait status.
[[nodiscard]] std::string describe_end(int wait_status);

} // namespace otk
