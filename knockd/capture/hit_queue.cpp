#include "knockd/capture/hit_queue.h"

#include "base/promise.h"

#include <algorithm>
#include <utility>

namespace otk {

void HitQueue::send(const message::Hit& hit, Bytes request) {
    promise(!full(), "a hit for a queue without room");
    promise(request.size() == hit.request_size && request.size() <= largest_request, "a hit and its request");
    hits_.push_back(hit);
    requests_.insert(requests_.end(), request.begin(), request.end());
    if (!waits_for_room_) flush();
}

// False when there is no room for all of it.
bool HitQueue::send_first() {
    const message::Hit& hit = hits_.front();
    if (!hit_is_sent_ && validate_.send_struct(hit) == Channel::Sent::would_block) return false;
    if (hit.request_size == 0) return true;
    hit_is_sent_ = true;
    message::Request request;
    request.size = hit.request_size;
    std::copy_n(requests_.begin(), request.size, request.bytes.begin());
    if (validate_.send_struct(request) == Channel::Sent::would_block) return false;
    hit_is_sent_ = false;
    requests_.erase(requests_.begin(), requests_.begin() + hit.request_size);
    return true;
}

// What is sent to nobody is lost as what is in the channel would be: it happens when knockd has gone.
void HitQueue::flush() {
    while (!hits_.empty()) {
        if (!send_first()) {
            if (!std::exchange(waits_for_room_, true)) loop_.on_writable(validate_.fd(), [this] { flush(); });
            return;
        }
        hits_.pop_front();
    }
    if (std::exchange(waits_for_room_, false)) loop_.no_longer_writable(validate_.fd());
}

} // namespace otk
