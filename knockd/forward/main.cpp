// knockd-forward: the relay of one forwarding door. It is started by knockd and by nobody else; it has the
// door's socket, no files and no secret (DESIGN 7).
#include "knockd/forward/confine.h"
#include "knockd/forward/forwarder.h"
#include "knockd/forward_messages.h"
#include "knockd/helper.h"

#include <algorithm>
#include <csignal>
#include <sys/resource.h>

namespace otk {

namespace {

// A connection has two sockets and, while data moves both ways, two pipes of two ends each.
constexpr std::size_t most_connections = 256;
constexpr rlim_t descriptors_each = 6;
constexpr rlim_t other_descriptors = 32;

// As many as the limits of this process let us have.
std::size_t make_room() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) throw system_error("cannot read the limit of descriptors");
    limit.rlim_cur = std::min(limit.rlim_max, most_connections * descriptors_each + other_descriptors);
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) throw system_error("cannot set the limit of descriptors");
    const rlim_t left = limit.rlim_cur > other_descriptors ? limit.rlim_cur - other_descriptors : 0;
    return std::max<std::size_t>(1, left / descriptors_each);
}

void run() {
    Channel monitor{Fd(message::monitor_fd)};
    Fd door(message::door_fd);
    const auto setup = receive_setup<message::ForwardSetup>(monitor);
    promise(setup.claims <= most_claims && setup.allowed_count <= most_claims && setup.left_ms >= 0,
            "a set-up out of bounds");
    (void)std::signal(SIGPIPE, SIG_IGN); // splice(2) to a socket that was reset has no MSG_NOSIGNAL
    const std::size_t most = make_room();
    Forwarder forwarder(setup, std::move(monitor), std::move(door), most);
    drop_privileges(setup.run_as.view(), setup.empty_root.view(), "[users] forward");
    confine_forward();
    forwarder.serve();
}

} // namespace

} // namespace otk

int main() { otk::run_as_helper("knockd-forward", otk::run); }
