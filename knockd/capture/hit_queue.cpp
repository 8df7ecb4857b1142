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
}

void HitQueue::end_turn() {
    if (!hits_.empty() && !waits_for_room_) flush();
}

// As many as one datagram takes. False when there is no room for it.
bool HitQueue::send_some() {
    bundle_.clear();
    std::size_t sent = 0;
    std::ptrdiff_t request_bytes = 0;
    for (const message::Hit& hit : hits_) {
        bool added = false;
        if (hit.request_size == 0) {
            added = bundle_.add(hit);
        } else {
            message::Request request;
            request.size = hit.request_size;
            std::copy_n(requests_.begin() + request_bytes, request.size, request.bytes.begin());
            added = bundle_.add(hit, request);
        }
        if (!added) break;
        request_bytes += hit.request_size;
        ++sent;
    }
    if (validate_.send(bundle_.datagram()) == Channel::Sent::would_block) return false;
    requests_.erase(requests_.begin(), requests_.begin() + request_bytes);
    hits_.erase(hits_.begin(), hits_.begin() + static_cast<std::ptrdiff_t>(sent));
    return true;
}

// What is sent to nobody is lost as what is in the channel would be: it happens when knockd has gone.
void HitQueue::flush() {
    while (!hits_.empty()) {
        if (!send_some()) {
            if (!std::exchange(waits_for_room_, true)) loop_.on_writable(validate_.fd(), [this] { flush(); });
            return;
        }
    }
    if (std::exchange(waits_for_room_, false)) loop_.no_longer_writable(validate_.fd());
}

} // namespace otk
