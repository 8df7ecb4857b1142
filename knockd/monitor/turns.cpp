#include "knockd/monitor/turns.h"

#include "base/promise.h"

#include <algorithm>
#include <utility>

namespace otk {

unsigned Turns::most_places_of_one_user(unsigned places) {
    return places > 1 ? places - std::max(1U, places / 4) : places;
}

void Turns::set_places(unsigned places) {
    places_ = places;
    for (auto& [id, user] : users_) // with more of them somebody may have a turn again
        give_turn(id, user);
}

std::string_view Turns::want_of_room(UserId id) const {
    const auto user = users_.find(id);
    const std::size_t his = user == users_.end() ? 0 : user->second.waiting;
    const std::size_t left = room_.of_all - std::min(room_.of_all, waiting());
    if (left == 0) return "too many commands wait";
    if (his >= std::min(room_.of_one_user, left)) return "too many commands of this user wait";
    return {};
}

void Turns::add(Job job) {
    const UserId id = job.user;
    const auto lane_id = job.lane;
    User& user = users_[id];
    ++user.waiting;
    rows_.insert(job.row);
    if (!lane_id) {
        user.row.push_back({std::move(job), ++arrivals_});
        return give_turn(id, user);
    }
    Lane& lane = lanes_.try_emplace(*lane_id).first->second;
    lane.row.push_back({std::move(job), ++arrivals_});
    settle(*lane_id, lane);
}

bool Turns::may_have_turn(UserId id, const User& user) const {
    const unsigned most = id == UserId{} ? places_ : most_places_of_one_user(places_);
    return user.running < most && !(user.row.empty() && user.lanes.empty());
}

void Turns::give_turn(UserId id, User& user) {
    if (user.in_turn || !may_have_turn(id, user)) return;
    user.in_turn = true;
    turns_.push_back(id);
}

// Puts a lane that is not busy and has jobs where they are looked for.
void Turns::settle(GrantId id, Lane& lane) {
    using State = Lane::State;
    if (lane.state != State::new_one) return; // what comes behind others does not move it
    const Job& first = lane.row.front().job;
    if (first.undo) {
        lane.state = State::urgent;
        urgent_.push_back(id);
    } else {
        lane.state = State::in_turn;
        User& user = users_.at(first.user);
        user.lanes.push_back(id);
        give_turn(first.user, user);
    }
}

std::optional<Job> Turns::next() {
    if (running_ >= places_) return std::nullopt;
    if (std::exchange(turn_is_due_, false)) {
        if (auto job = next_turn()) return job;
    }
    if (auto job = next_urgent()) return job;
    return next_turn();
}

std::optional<Job> Turns::next_urgent() {
    if (urgent_.empty()) return std::nullopt;
    const GrantId lane = urgent_.front();
    urgent_.pop_front();
    turn_is_due_ = true;
    return start_of_lane(lane);
}

std::optional<Job> Turns::next_turn() {
    while (!turns_.empty()) {
        const UserId id = turns_.front();
        turns_.pop_front();
        User& user = users_.at(id);
        user.in_turn = false;
        if (may_have_turn(id, user)) {
            Job job = start_of_user(user);
            give_turn(id, user); // behind all others
            return job;
        }
        forget_if_idle(id);
    }
    return std::nullopt;
}

// His lane with the oldest job, when that is older than those without a lane.
std::optional<GrantId> Turns::next_lane(User& user) const {
    const auto arrival = [this](GrantId lane) { return lanes_.at(lane).row.front().arrival; };
    const auto oldest = std::min_element(user.lanes.begin(), user.lanes.end(),
                                         [&](GrantId a, GrantId b) { return arrival(a) < arrival(b); });
    if (oldest == user.lanes.end()) return std::nullopt;
    if (!user.row.empty() && user.row.front().arrival < arrival(*oldest)) return std::nullopt;
    const GrantId lane = *oldest;
    user.lanes.erase(oldest);
    return lane;
}

Job Turns::start_of_user(User& user) {
    const auto lane = next_lane(user);
    return lane ? start_of_lane(*lane) : start(user.row);
}

Job Turns::start_of_lane(GrantId id) {
    Lane& lane = lanes_.at(id);
    lane.state = Lane::State::busy;
    return start(lane.row);
}

Job Turns::start(Row& row) {
    Job job = std::move(row.front().job);
    row.pop_front();
    rows_.erase(job.row);
    User& user = users_.at(job.user);
    --user.waiting;
    ++user.running;
    ++running_;
    return job;
}

void Turns::ended(const Job& job) {
    const auto user = users_.find(job.user);
    promise(user != users_.end() && user->second.running > 0, "only what has started ends");
    --user->second.running;
    --running_;
    if (job.lane) {
        Lane& lane = lanes_.at(*job.lane);
        lane.state = Lane::State::new_one;
        if (lane.row.empty())
            lanes_.erase(*job.lane);
        else
            settle(*job.lane, lane);
    }
    give_turn(job.user, user->second);
    forget_if_idle(job.user);
}

void Turns::forget_if_idle(UserId id) {
    const auto user = users_.find(id);
    if (user->second.waiting == 0 && user->second.running == 0 && !user->second.in_turn) users_.erase(user);
}

std::vector<Job> Turns::take_all() {
    std::vector<Waiting> waiting;
    waiting.reserve(rows_.size());
    const auto take = [&waiting](Row& row) {
        std::move(row.begin(), row.end(), std::back_inserter(waiting));
        row.clear();
    };
    for (auto& [id, user] : users_) {
        take(user.row);
        user.lanes.clear();
        user.waiting = 0;
        user.in_turn = false;
    }
    for (auto& [id, lane] : lanes_)
        take(lane.row);
    std::erase_if(users_, [](const auto& user) { return user.second.running == 0; });
    std::erase_if(lanes_, [](const auto& lane) { return lane.second.state != Lane::State::busy; });
    turns_.clear();
    urgent_.clear();
    rows_.clear();
    std::sort(waiting.begin(), waiting.end(),
              [](const Waiting& a, const Waiting& b) { return a.arrival < b.arrival; });
    std::vector<Job> jobs;
    jobs.reserve(waiting.size());
    for (Waiting& each : waiting)
        jobs.push_back(std::move(each.job));
    return jobs;
}

} // namespace otk
