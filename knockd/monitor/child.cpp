#include "knockd/monitor/child.h"

#include "knockd/monitor/setup.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fmt/format.h>

namespace otk {

void Child::spawn(int peer, int file) {
    auto [ours, theirs] = Channel::make_pair();
    std::vector<int> descriptors{theirs.fd(), peer};
    if (file >= 0) descriptors.push_back(file);
    pid_ = spawn_helper(helper_program(name_), {}, descriptors, orphaned_);
    mailbox_.reset();
    channel_ = std::make_unique<Channel>(std::move(ours));
    mailbox_ = std::make_unique<Mailbox>(*channel_);
    started_ = std::chrono::steady_clock::now();
}

void Child::finish() { (void)shutdown(channel_->fd(), SHUT_WR); } // fails only when it has ended already

void Child::hang_up() {
    mailbox_.reset();
    channel_.reset();
}

void Child::kill() {
    if (pid_ > 0) (void)::kill(pid_, SIGKILL);
}

void Child::ended() { pid_ = -1; }

std::chrono::milliseconds Child::back_off() {
    constexpr std::chrono::milliseconds shortest{100};
    constexpr std::chrono::milliseconds longest{10'000};
    if (std::chrono::steady_clock::now() - started_ > std::chrono::minutes{1}) delay_ = shortest;
    return std::exchange(delay_, std::min(2 * delay_, longest));
}

std::string describe_end(int wait_status) {
    if (WIFSIGNALED(wait_status)) {
        return fmt::format("signal {} ({})", WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
    }
    return fmt::format("exit code {}", WEXITSTATUS(wait_status));
}

} // namespace otk
