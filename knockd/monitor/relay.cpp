#include "knockd/monitor/relay.h"
#include "knockd/forward_messages.h"

#include "knockd/monitor/door_socket.h"

#include <algorithm>

namespace otk {

Relay::Relay(EventLoop& loop, const message::ForwardSetup& setup, Fd listener, Told told) :
    loop_(loop), told_(std::move(told)), claims_(setup.claims),
    claimed_(setup.allowed.begin(), setup.allowed.begin() + setup.allowed_count) {
    child_.start(listener.get(), -1, setup);
    // A filter can be locked once and is then what it is, and the relay may not set one: whoever takes over
    // the relay must not be able to let others in. So a door that waits to be claimed is narrowed from here.
    if (claimed_.size() < claims_) listener_ = std::move(listener);
    loop_.on_readable(child_.channel().fd(), [this] { hear(); });
}

Relay::~Relay() { loop_.remove(child_.channel().fd()); }

void Relay::prolong(std::chrono::milliseconds how_long) {
    // To one that has ended already: its end will be told.
    (void)child_.channel().send_struct(message::ForwardProlong{.left_ms = how_long.count()});
}

// One message each time, and nothing after what is told, by a copy: that may end this object.
void Relay::hear() {
    switch (child_.mailbox().next()) {
    case Mailbox::Next::nothing_yet: return;
    case Mailbox::Next::closed: // it has ended, or is of no use any more
        loop_.remove(child_.channel().fd());
        return child_.kill();
    case Mailbox::Next::broken: return end_broken();
    case Mailbox::Next::message: break;
    }
    if (const auto claim = child_.mailbox().as<message::ForwardClaimed>(); claim && take_claim(*claim)) {
        std::function(told_.claimed)(claim->address);
    } else if (const auto refusal = child_.mailbox().as<message::ForwardRefused>();
               refusal && take_refusal(*refusal)) {
        std::function(told_.refused)(refusal->address);
    } else {
        end_broken();
    }
}

bool Relay::take_claim(const message::ForwardClaimed& claim) {
    const bool is_new = std::find(claimed_.begin(), claimed_.end(), claim.address) == claimed_.end();
    if (!claim.address.usable() || !is_new || claimed_.size() >= claims_) return false;
    claimed_.push_back(claim.address);
    if (claimed_.size() == claims_) {
        try {
            let_in_only(listener_, claimed_);
        } catch (const Error&) {
            return false; // a door that lets in everybody is worse than none
        }
        listener_.close();
    }
    return true;
}

bool Relay::take_refusal(const message::ForwardRefused& refusal) {
    return refusal.address.usable() && refusals_++ < message::largest_refusals;
}

void Relay::end_broken() {
    loop_.remove(child_.channel().fd());
    child_.kill();
    std::function(told_.broken)();
}

} // namespace otk
