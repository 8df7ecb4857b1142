#include "knockd/capture/hit_queue.h"

#include "base/promise.h"

#include <utility>

namespace otk {

void HitQueue::send(const message::Hit& hit) {
    promise(!full(), "a hit for a queue without room");
    hits_.push_back(hit);
    if (!waits_for_room_) flush();
}

// What is sent to nobody is lost as what is in the channel would be: it happens when knockd has gone.
void HitQueue::flush() {
    while (!hits_.empty()) {
        if (validate_.send_struct(hits_.front()) == Channel::Sent::would_block) {
            if (!std::exchange(waits_for_room_, true)) loop_.on_writable(validate_.fd(), [this] { flush(); });
            return;
        }
        hits_.pop_front();
    }
    if (std::exchange(waits_for_room_, false)) loop_.no_longer_writable(validate_.fd());
}

} // namespace otk
