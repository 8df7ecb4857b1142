#include "knockd/validate/sessions.h"

#include <algorithm>

namespace otk {

namespace {

using Stage = message::Act::Stage;

message::Reply reply_to(const AcceptedRequest& request) {
    message::Reply reply;
    reply.from = request.destination;
    reply.from_port = request.destination_port;
    reply.to = request.source;
    reply.to_port = request.source_port;
    return reply;
}

// How long the door stays open, rounded down: nobody shall count on a second that is not there.
std::uint32_t seconds_until(Time deadline, Time now) {
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(deadline - now).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, longest_hold.count()));
}

} // namespace

Sessions::Sessions(World world) : world_(std::move(world)) {}

void Sessions::begin(AcceptedRequest request) {
    const bool refused = request.refusal != Refusal::none;
    const auto earlier = waiting_.find(request.act.grant);
    if (!refused && earlier != waiting_.end())
        give_up(earlier->second, sessions_.at(earlier->second), Stage::replaced);
    make_room();

    const auto number = static_cast<Number>(request.act.row.row);
    const GrantId grant = request.act.grant;
    of_row_[request.act.row.row] = number;
    DynamicServer end(std::move(request.keys));
    Session& session = sessions_.emplace(number, Session{std::move(request), std::move(end)}).first->second;
    if (refused) return be_over(number, session, DynamicStatus::refused);
    waiting_[grant] = number;
    session.until = world_.monotonic() + patience;
    expect(number, session);
}

// What has an end goes first: those who are behind it have been told, or have had a minute to ask.
void Sessions::make_room() {
    if (sessions_.size() < most) return;
    const auto oldest = [this](State state) {
        return std::find_if(sessions_.begin(), sessions_.end(),
                            [state](const auto& each) { return each.second.state == state; });
    };
    auto goes = oldest(State::over);
    if (goes == sessions_.end()) goes = oldest(State::waiting);
    if (goes == sessions_.end()) goes = sessions_.begin();
    if (goes->second.state == State::waiting) give_up(goes->first, goes->second, Stage::replaced);
    if (goes->second.state == State::arrived) give_up(goes->first, goes->second, Stage::not_held);
    (void)forget(goes);
}

void Sessions::tell_monitor(const Session& session, Stage stage) const {
    message::Act act = session.request.act;
    act.stage = stage;
    world_.outlet.tell_monitor(act);
}

void Sessions::expect(Number number, const Session& session) const {
    message::Expect expect;
    expect.session = number;
    expect.id = session.end.id();
    const message::Act& act = session.request.act;
    expect.source = act.address.empty() ? session.request.source : act.address;
    for (std::size_t i = 0; i < expect.syns.size(); ++i)
        expect.syns[i] = {session.request.syns[i].port, session.request.syns[i].sequence};
    expect.ignore_sequence = session.request.ignore_sequence ? 1 : 0;
    expect.syns_wanted = session.state == State::waiting ? 3 : 0;
    world_.outlet.tell_capture(expect);
}

void Sessions::say_all() {
    for (const auto& [number, session] : sessions_)
        expect(number, session);
}

// It will not have a door.
void Sessions::give_up(Number number, Session& session, Stage why) {
    tell_monitor(session, why);
    be_over(number, session, why == Stage::not_held ? DynamicStatus::failed : DynamicStatus::over);
}

void Sessions::be_over(Number number, Session& session, DynamicStatus status) {
    const auto waiting = waiting_.find(session.request.act.grant);
    if (waiting != waiting_.end() && waiting->second == number) waiting_.erase(waiting);
    session.state = State::over;
    session.status = status;
    session.until = world_.monotonic() + afterwards;
    expect(number, session); // its P2 only
}

Sessions::Each Sessions::forget(Each session) {
    world_.outlet.tell_capture(message::Forget{.session = session->first});
    of_row_.erase(session->second.request.act.row.row);
    const auto [begin, end] = of_hold_.equal_range(session->second.request.act.hold);
    const auto own =
        std::find_if(begin, end, [&](const auto& each) { return each.second == session->first; });
    if (own != end) of_hold_.erase(own);
    return sessions_.erase(session);
}

Sessions::Session* Sessions::find(RowNumber row, Number* number) {
    const auto found = of_row_.find(row);
    if (found == of_row_.end()) return nullptr;
    *number = found->second;
    return &sessions_.at(found->second);
}

void Sessions::arrived(const message::Arrived& arrived) {
    const auto found = sessions_.find(arrived.session);
    if (found == sessions_.end() || found->second.state != State::waiting) return;
    found->second.state = State::arrived;
    waiting_.erase(found->second.request.act.grant);
    some_arrived_ = true;
}

std::uint16_t Sessions::any_port() const {
    const std::uint32_t count = world_.ports.high - world_.ports.low + 1U;
    return static_cast<std::uint16_t>(world_.ports.low + random_below(world_.random, count));
}

// The monitor's Act comes after the commit, so that a door that is open has a hold that survives a crash.
void Sessions::open_doors() {
    if (!some_arrived_) return;
    std::vector<std::pair<Session*, Hold>> held;
    try {
        world_.ledger.begin();
        for (auto& [number, session] : sessions_) {
            if (session.state != State::arrived) continue;
            const message::Act& act = session.request.act;
            held.emplace_back(&session,
                              world_.ledger.hold({.row = act.row.row,
                                                  .grant = act.grant,
                                                  .address = act.address,
                                                  .port = any_port(),
                                                  .deadline = world_.clock.now() + session.request.hold}));
        }
        world_.ledger.commit();
    } catch (...) {
        world_.ledger.roll_back();
        throw;
    }
    some_arrived_ = false;
    for (auto& [session, hold] : held) {
        session->state = State::opening;
        message::Act& act = session->request.act;
        act.hold = hold.row; // another's where its grant has a door at this very port: that is prolonged
        act.port = hold.port;
        act.deadline = to_nanoseconds(hold.deadline);
        of_hold_.emplace(hold.row, static_cast<Number>(act.row.row));
        tell_monitor(*session, Stage::arrived);
    }
}

// Those that say that it is open.
template <typename Visit>
void Sessions::each_behind(RowNumber hold, const Visit& visit) {
    const auto [begin, end] = of_hold_.equal_range(hold);
    for (auto each = begin; each != end; ++each) {
        Session& session = sessions_.at(each->second);
        if (session.state == State::open) visit(each->second, session);
    }
}

void Sessions::open(Session& session, std::uint16_t port, Time deadline) const {
    session.state = State::open;
    session.status = DynamicStatus::open;
    session.port = port;
    session.deadline = deadline;
    const auto left = std::max(deadline - world_.clock.now(), std::chrono::nanoseconds{0});
    session.until = world_.monotonic() + std::min<std::chrono::nanoseconds>(left, longest_hold);
}

void Sessions::ended(const message::Done& done) {
    const bool opened = done.outcome == Outcome::opened || done.outcome == Outcome::prolonged;
    Number number = 0;
    Session* session = find(done.row, &number);
    if (session == nullptr || session->state == State::over) return;
    if (!opened || session->state != State::opening) {
        const bool refused = done.outcome == Outcome::refused;
        return be_over(number, *session, refused ? DynamicStatus::refused : DynamicStatus::failed);
    }
    const Time deadline = from_nanoseconds(done.deadline);
    open(*session, done.port, deadline);
    each_behind(session->request.act.hold, [&](Number, Session& each) { open(each, done.port, deadline); });
}

void Sessions::released(RowNumber hold) {
    each_behind(hold,
                [this](Number number, Session& session) { be_over(number, session, DynamicStatus::over); });
}

void Sessions::look_at_clock() {
    const auto now = world_.monotonic();
    for (auto each = sessions_.begin(); each != sessions_.end();) {
        auto& [number, session] = *each;
        if (session.state == State::over && now >= session.until) {
            each = forget(each);
            continue;
        }
        ++each;
        if (now < session.until) continue;
        switch (session.state) {
        case State::waiting: give_up(number, session, Stage::no_syns); break;
        case State::arrived: give_up(number, session, Stage::not_held); break;
        case State::open: be_over(number, session, DynamicStatus::over); break;
        case State::opening: // the monitor always says what becomes of it
        case State::over: break;
        }
    }
}

DynamicAnswer Sessions::answer_of(const Session& session) const {
    DynamicAnswer answer;
    answer.status = session.status;
    answer.seen = session.request.source;
    if (session.status != DynamicStatus::open) return answer;
    answer.port = session.port;
    answer.seconds = seconds_until(session.deadline, world_.clock.now());
    return answer;
}

void Sessions::asked(const message::Asked& asked) {
    const auto found = sessions_.find(asked.session);
    if (found == sessions_.end() || !found->second.end.takes(asked.bytes)) return;
    message::Reply reply = reply_to(found->second.request);
    reply.bytes = found->second.end.answer(answer_of(found->second));
    world_.outlet.tell_capture(reply);
}

Sessions::Counts Sessions::counts() const {
    Counts counts;
    for (const auto& [number, session] : sessions_) {
        if (session.state == State::open)
            ++counts.open;
        else if (session.state != State::over)
            ++counts.waiting;
    }
    return counts;
}

} // namespace otk
