#include "knockd/validate/outlet.h"

#include <array>
#include <cerrno>
#include <poll.h>

namespace otk {

void Outlet::flush() {
    send(monitor_); // first: a command may wait for it
    send(capture_);
}

void Outlet::send(Side& side) {
    if (side.bundle.count() == 0) return;
    while (side.channel.send(side.bundle.datagram()) == Channel::Sent::would_block)
        wait_for_room(side.channel);
    side.bundle.clear();
}

// The monitor never waits for us, and capture reads while it waits for us, so this wait ends; but capture may
// be dead, and then the monitor must be able to stop us. What the monitor is still to hear it takes even when
// it has told us to finish.
void Outlet::wait_for_room(const Channel& channel) {
    const bool to_monitor = &channel == &monitor_.channel;
    std::array<pollfd, 2> wait{
        pollfd{channel.fd(), POLLOUT, 0},
        pollfd{monitor_.channel.fd(), static_cast<short>(to_monitor ? 0 : POLLRDHUP), 0}};
    if (poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR)
        throw system_error("waiting for room in a channel");
    if (wait[1].revents & (POLLHUP | POLLRDHUP)) throw Error("knockd has gone");
}

void Outlet::tell_watches(std::span<const message::WatchEntry> entries, bool complete) {
    message::Watch watch;
    const auto add = [&](const message::WatchEntry& entry) {
        watch.entries[watch.count++] = entry;
        if (watch.count < watch.entries.size()) return;
        tell_capture(watch);
        watch.count = 0;
    };
    for (const message::WatchEntry& entry : entries)
        add(entry);
    if (complete) add({message::WatchEntry::What::complete, {}, {}});
    if (watch.count > 0) tell_capture(watch);
}

} // namespace otk
