#include "knockd/monitor/outgoing.h"

#include <utility>

namespace otk {

void Outgoing::forget() {
    waiting_.clear();
    messages_ = 0;
    blocked_ = false;
}

void Outgoing::flush() {
    if (!waiting_.empty() && !blocked_) flush_further();
}

void Outgoing::flush_further() {
    if (!child_.connected()) return forget();
    const int fd = child_.channel().fd();
    while (!waiting_.empty()) {
        const Channel::Sent sent = child_.channel().send(waiting_.front().datagram());
        if (sent == Channel::Sent::would_block) {
            if (!std::exchange(blocked_, true)) loop_.on_writable(fd, [this] { flush_further(); });
            return;
        }
        if (sent == Channel::Sent::closed) return forget();
        messages_ -= waiting_.front().count();
        waiting_.pop_front();
    }
    if (std::exchange(blocked_, false)) loop_.no_longer_writable(fd);
}

} // namespace otk
