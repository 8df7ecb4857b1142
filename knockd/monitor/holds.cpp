#include "knockd/monitor/holds.h"

#include "knockd/journal.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

bool has_door(const OpenHold& hold) {
    const CommandKind kind = hold.details.command.kind;
    return kind == CommandKind::open || kind == CommandKind::forward;
}

} // namespace

Holds::Holds(EventLoop& loop, const Clock& clock, Doorway& doorway, Hands hands) :
    loop_(loop), clock_(clock), doorway_(doorway), hands_(std::move(hands)) {}

// The deadline is by the clock on the wall, which may have been set meanwhile: it never makes a hold longer
// than the administrator said.
milliseconds Holds::remaining(Time deadline, const OpenHold& hold) const {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - clock_.now());
    return std::clamp<milliseconds>(left, milliseconds{0}, hold.details.command.hold);
}

Doorway::Opened Holds::open_door(OpenHold& hold, milliseconds how_long) {
    if (how_long.count() == 0) throw Error("its time was over before it could be opened");
    Doorway::Opened opened;
    if (has_door(hold)) opened = doorway_.open(hold, how_long);
    hold.opened = true;
    hold.port = opened.port;
    hold.until = steady_clock::now() + how_long;
    return opened;
}

void Holds::close_door(const OpenHold& hold) {
    if (has_door(hold) && hold.opened) doorway_.close(hold);
}

Doorway::Opened Holds::begin(OpenHold hold) {
    const RowNumber row = hold.hold.row;
    OpenHold& kept = holds_.insert_or_assign(row, std::move(hold)).first->second;
    try {
        Doorway::Opened opened = open_door(kept, remaining(kept.hold.deadline, kept));
        set_timer(kept.until);
        hands_.changed();
        return opened;
    } catch (const Error&) {
        end(row, Why::not_begun);
        throw;
    }
}

Doorway::Opened Holds::prolong(OpenHold& hold, Time deadline) {
    hold.hold.deadline = std::max(hold.hold.deadline, deadline);
    // Validate has seen the knock before our Release, or has not read that yet: it does not end the hold
    // then.
    if (hold.ending == Why::time) hold.ending.reset();
    Doorway::Opened opened = open_door(hold, remaining(hold.hold.deadline, hold));
    set_timer(hold.until);
    hands_.changed();
    return opened;
}

void Holds::not_prolonged(OpenHold& hold, Time deadline) {
    hold.hold.deadline = std::max(hold.hold.deadline, deadline);
    if (hold.ending == Why::time) release(hold); // the one before was of no effect
}

void Holds::end_at_once(OpenHold hold, Why why) {
    const RowNumber row = hold.hold.row;
    holds_.emplace(row, std::move(hold));
    end(row, why);
}

void Holds::told(OpenHold hold, milliseconds at_most) {
    const RowNumber row = hold.hold.row;
    const Time deadline = hold.hold.deadline;
    OpenHold* kept = find(row);
    if (kept != nullptr && (kept->hold.deadline >= deadline || (kept->ending && kept->ending != Why::time))) {
        kept->hold.deadline = std::max(kept->hold.deadline, deadline);
        return; // send_again() does the rest
    }
    if (kept == nullptr) {
        kept = &holds_.emplace(row, std::move(hold)).first->second;
    } else {
        at_most = milliseconds::max(); // a knock has prolonged it since
        if (kept->ending == Why::time) kept->ending.reset();
    }
    kept->hold.deadline = deadline;
    const milliseconds left = std::min(remaining(deadline, *kept), at_most);
    if (left.count() <= 0) return end(row, Why::time);
    try {
        (void)open_door(*kept, left);
    } catch (const Error& error) { // it has its end all the same
        journal("knockd",
                fmt::format("{}/{}: {} cannot be opened again: {}", kept->details.user.name,
                            kept->details.command.name, describe_door(*kept), error.what()),
                Priority::error);
        kept->until = steady_clock::now() + left;
    }
    set_timer(kept->until);
    hands_.changed();
}

void Holds::end(RowNumber row, Why why) {
    OpenHold* hold = find(row);
    if (hold == nullptr || hold->ending) return;
    hold->ending = why;
    close_door(*hold);
    release(*hold);
    hands_.changed();
}

std::size_t Holds::end_all(const std::function<bool(const OpenHold&)>& which, Why why) {
    std::size_t ended = 0;
    for (const auto& [row, hold] : holds_) {
        if (hold.ending || !which(hold)) continue;
        end(row, why);
        ++ended;
    }
    return ended;
}

void Holds::release(const OpenHold& hold) {
    message::Release release;
    release.row = hold.hold.row;
    release.why = *hold.ending;
    release.undo = !hold.details.command.undo.empty() && hold.ending != Why::not_begun;
    release.deadline = to_nanoseconds(hold.hold.deadline);
    hands_.send(release);
}

std::optional<OpenHold> Holds::forget(RowNumber row) {
    OpenHold* hold = find(row);
    if (hold == nullptr) return std::nullopt;
    // One that we did not ask for: the answer to a validator's earlier life.
    if (!hold->ending) close_door(*hold);
    OpenHold forgotten = std::move(*hold);
    holds_.erase(row);
    hands_.changed();
    return forgotten;
}

void Holds::send_again() {
    for (const auto& [row, hold] : holds_) {
        if (hold.ending) release(hold);
    }
}

void Holds::look_at_clock() {
    const auto now = steady_clock::now();
    end_all([now](const OpenHold& hold) { return hold.until <= now; }, Why::time);
    set_timer();
}

// For the nearest end. A knock that prolongs a door leaves the timer as it is: it comes too early then, and
// is set anew. Where no timer can be had the look of every second does.
void Holds::set_timer() {
    auto nearest = steady_clock::time_point::max();
    for (const auto& [row, hold] : holds_) {
        if (!hold.ending) nearest = std::min(nearest, hold.until);
    }
    timer_.reset();
    if (nearest != steady_clock::time_point::max()) set_timer(nearest);
}

void Holds::set_timer(steady_clock::time_point until) {
    if (timer_ && timer_until_ <= until) return;
    const auto delay = std::max<std::chrono::nanoseconds>(until - steady_clock::now(), milliseconds{1});
    try {
        timer_ = loop_.after(delay, [this] { look_at_clock(); });
        timer_until_ = until;
    } catch (const Error&) {
        timer_.reset();
    }
}

void Holds::claimed(RowNumber row, const Address& by) {
    OpenHold* hold = find(row);
    if (hold == nullptr || hold->claims.size() >= most_claims) return;
    if (std::find(hold->claims.begin(), hold->claims.end(), by) != hold->claims.end()) return;
    hold->claims.push_back(by);
    hands_.changed();
}

OpenHold* Holds::find(RowNumber row) {
    const auto found = holds_.find(row);
    return found == holds_.end() ? nullptr : &found->second;
}

void Holds::each(const std::function<void(const OpenHold&)>& visit) const {
    for (const auto& [row, hold] : holds_)
        visit(hold);
}

} // namespace otk
