#include "knockd/validate/hits.h"

#include "knockd/validate/packet_rows.h"

#include <algorithm>
#include <utility>

namespace otk {

namespace {

// An owned capture may send anything: only what could be a knock is judged. One of an algorithm that is not
// in force could be: until it is told, a capture still looks for what the configuration before allowed. No
// chain has it any more.
bool well_formed(const message::Hit& hit) {
    if (std::find(all_algorithms.begin(), all_algorithms.end(), hit.algorithm) == all_algorithms.end())
        return false;
    const bool carrier =
        hit.carrier == Carrier::udp || hit.carrier == Carrier::icmp || hit.carrier == Carrier::dns;
    const bool request =
        hit.request_size == 0 || (hit.algorithm == Algorithm::sha256 && hit.request_size <= largest_request);
    return carrier && request && hit.value.well_formed() && hit.value.size() == value_size(hit.algorithm) &&
           hit.source.well_formed() && hit.named.well_formed() && hit.destination.well_formed();
}

// A dynamic request comes over udp and nothing else.
bool belongs_to(const message::Request& request, const message::Hit& hit) {
    if (request.size != hit.request_size) return false;
    const Bytes bytes = bytes_of(request);
    const bool shape =
        looks_signed(bytes) || (hit.carrier == Carrier::udp && looks_like_dynamic_request(bytes));
    return shape && Value(bytes.first(type_offset)) == hit.value;
}

} // namespace

Hits::Taken Hits::take(const Mailbox& mailbox) {
    if (const auto hit = mailbox.as<message::Hit>()) return take_hit(*hit);
    if (const auto request = mailbox.as<message::Request>()) return take_request(*request);
    return Taken::not_a_hit;
}

Hits::Taken Hits::take_hit(const message::Hit& hit) {
    if (without_request_ || !well_formed(hit)) return Taken::broken;
    heard_ = true;
    if (hit.request_size > 0)
        without_request_ = hit;
    else
        hits_.push_back(hit);
    return Taken::yes;
}

Hits::Taken Hits::take_request(const message::Request& request) {
    // Whoever was here before us may have read the hit of the first one, and nobody will judge it.
    if (!without_request_) return std::exchange(heard_, true) ? Taken::broken : Taken::yes;
    if (!belongs_to(request, *without_request_)) return Taken::broken;
    hits_.push_back(*without_request_);
    requests_.push_back(request);
    without_request_.reset();
    return Taken::yes;
}

void Hits::clear() {
    hits_.clear();
    requests_.clear();
}

} // namespace otk
