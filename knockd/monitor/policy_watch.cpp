#include "knockd/monitor/policy_watch.h"

namespace otk {

void PolicyWatch::look() {
    try {
        const std::int64_t version = policy_.version();
        if (version_ == version) return;
        actor_.policy_changed();
        take_requests();
        version_ = version;
        trouble_.over();
    } catch (const Error& error) {
        trouble_.say(error.what());
    }
}

void PolicyWatch::look_again() {
    request_ = 0;
    version_.reset();
    look();
}

// To close what is not open does nothing, so each may come any number of times.
void PolicyWatch::take_requests() {
    const std::vector<Request> requests = policy_.requests_after(request_);
    if (!old_) old_ = requests.empty() ? 0 : requests.back().id;
    for (const Request& request : requests) {
        const bool old = request.id <= *old_;
        if (request.kind == Request::Kind::close)
            actor_.close_door(request.row, old ? std::optional(request.at) : std::nullopt);
        request_ = request.id;
    }
}

} // namespace otk
