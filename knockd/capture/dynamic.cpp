// The part of Capture that serves dynamic mode (DESIGN 6): SYNs that were declared, P2 in, P3 out.
#include "knockd/capture/capture.h"

namespace otk {

namespace {

bool well_formed(const message::Expect& expect) {
    return expect.session != 0 && expect.source.well_formed() && !expect.source.empty() &&
           expect.ignore_sequence <= 1 && expect.syns_wanted <= expect.syns.size();
}

} // namespace

void Capture::apply(const message::Expect& expect) {
    promise(well_formed(expect), "knockd-validate expects what cannot be");
    session_watch_.expect(expect);
}

void Capture::apply(const message::Forget& forget) { session_watch_.forget(forget.session); }

void Capture::apply(const message::Reply& reply) {
    promise(reply.from.well_formed() && reply.to.well_formed(), "a Reply without addresses");
    promise(reply.from_port == setup_.dynamic_port, "a Reply from a port that is not dynamic mode's");
    replying_.send(reply);
}

void Capture::take_syn(const Packet& packet) {
    if (!setup_.dynamic) { // behind an IPv6 extension header, where the kernel's filter does not look
        ++counters_.unread;
        return;
    }
    ++counters_.syns;
    if (const auto session = session_watch_.take(packet)) {
        arrived_.push_back(*session);
        tell_arrived();
    }
}

// Behind the hits, when there is room: nothing waits for it.
void Capture::tell_arrived() {
    hits_.end_turn();
    while (!arrived_.empty() && hits_.size() == 0) {
        if (validate_.send_struct(message::Arrived{.session = arrived_.front()}) ==
            Channel::Sent::would_block) {
            return;
        }
        arrived_.pop_front();
    }
}

// False: it is no P2 of a request that we know. One that comes too often, or while validate is behind, is
// held back: its client asks again.
bool Capture::take_question(const Packet& packet) {
    const auto id = id_of_dynamic_question(packet.payload);
    const auto session = id ? session_watch_.with(*id) : std::nullopt;
    if (!session) return false;
    message::Asked asked;
    asked.session = *session;
    std::copy_n(packet.payload.begin(), asked.bytes.size(), asked.bytes.begin());
    hits_.end_turn();
    const bool passes = session_watch_.pass(*session, now_) && hits_.size() == 0 &&
                        validate_.send_struct(asked) != Channel::Sent::would_block;
    ++(passes ? counters_.asked : counters_.held_back);
    return true;
}

} // namespace otk
