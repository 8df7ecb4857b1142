#include "knockd/monitor/outgoing.h"

#include <utility>

namespace otk {

void Outgoing::flush() {
    if (!child_.connected()) return forget();
    const int fd = child_.channel().fd();
    while (!waiting_.empty()) {
        const Channel::Sent sent = child_.channel().send(waiting_.front());
        if (sent == Channel::Sent::would_block) {
            if (!std::exchange(blocked_, true)) loop_.on_writable(fd, [this] { flush(); });
            return;
        }
        if (sent == Channel::Sent::closed) return forget();
        waiting_.pop_front();
    }
    if (std::exchange(blocked_, false)) loop_.no_longer_writable(fd);
}

} // namespace otk
