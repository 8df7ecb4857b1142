#include "knockd/capture/session_watch.h"

#include "base/promise.h"
#include "knockd/capture/keyed_mix.h"

#include <algorithm>

namespace otk {

std::size_t SessionWatch::Keyed::operator()(const Place& place) const {
    const std::array<std::uint8_t, 2> port{static_cast<std::uint8_t>(place.port >> 8),
                                           static_cast<std::uint8_t>(place.port)};
    return keyed_mix(keyed_mix(key, place.source.bytes()), port);
}

std::size_t SessionWatch::Keyed::operator()(const DynamicId& id) const { return keyed_mix(key, id); }

bool SessionWatch::Budget::take_one(unsigned most, std::chrono::nanoseconds now) {
    if (now - began >= std::chrono::seconds{1}) *this = {now, 0};
    if (passed >= most) return false;
    ++passed;
    return true;
}

void SessionWatch::expect(const message::Expect& expect) {
    forget(expect.session);
    promise(sessions_.size() < message::most_sessions, "more dynamic requests than there may be");
    sessions_[expect.session] = {expect, {}, {}};
    of_id_[expect.id] = expect.session;
    if (expect.syns_wanted == 0) return;
    for (std::size_t which = 0; which < expect.syns.size(); ++which)
        syns_.emplace(Place{expect.source, expect.syns[which].port}, Expected{expect.session, which});
}

void SessionWatch::forget(Session session) {
    const auto found = sessions_.find(session);
    if (found == sessions_.end()) return;
    look_no_more(found->second);
    const auto id = of_id_.find(found->second.expect.id);
    if (id != of_id_.end() && id->second == session) of_id_.erase(id);
    sessions_.erase(found);
}

void SessionWatch::clear() {
    sessions_.clear();
    syns_.clear();
    of_id_.clear();
}

void SessionWatch::look_no_more(const Known& known) {
    for (const message::Expect::Syn& syn : known.expect.syns) {
        const auto [first, last] = syns_.equal_range({known.expect.source, syn.port});
        const auto its_own = std::find_if(
            first, last, [&](const auto& each) { return each.second.session == known.expect.session; });
        if (its_own != last) syns_.erase(its_own);
    }
}

std::optional<SessionWatch::Session> SessionWatch::take(const Packet& syn) {
    if (syns_.empty()) return std::nullopt;
    // Several requests of one source may have declared the same port: each notes it. Should two be complete
    // at once, the other one is with the next retransmission.
    const Known* complete = nullptr;
    const auto [first, last] = syns_.equal_range({syn.source, syn.destination_port});
    for (auto each = first; each != last; ++each) {
        Known& known = sessions_.at(each->second.session);
        const bool same = known.expect.ignore_sequence != 0 ||
                          known.expect.syns[each->second.which].sequence == syn.sequence;
        if (!same) continue;
        known.came[each->second.which] = true;
        if (std::all_of(known.came.begin(), known.came.end(), [](bool came) { return came; }))
            complete = &known;
    }
    if (complete == nullptr) return std::nullopt;
    look_no_more(*complete);
    return complete->expect.session;
}

std::optional<SessionWatch::Session> SessionWatch::with(const DynamicId& id) const {
    const auto found = of_id_.find(id);
    return found == of_id_.end() ? std::nullopt : std::optional(found->second);
}

bool SessionWatch::pass(Session session, std::chrono::nanoseconds now) {
    const auto found = sessions_.find(session);
    return found != sessions_.end() && found->second.questions.take_one(most_of_one, now) &&
           questions_.take_one(most_of_all, now);
}

} // namespace otk
