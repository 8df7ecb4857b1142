// The doors and undos that wait, from their knock to their end (DESIGN 9). The ledger has them, too: nothing
// ends here before validate has written it down, except that a door closes at once.
#pragma once

#include "base/clock.h"
#include "knockd/messages.h"
#include "knockd/monitor/doorway.h"
#include "sys/event_loop.h"

#include <functional>
#include <map>
#include <memory>

namespace otk {

class Holds {
  public:
    using Why = message::Release::Why;
    struct Hands {
        std::function<void(const message::Release&)> send; // to validate
        std::function<void()> changed;                     // the list of what is open
    };
    // All outlive it.
    Holds(EventLoop& loop, const Clock& clock, Doorway& doorway, Hands hands);

    // A new one, until its deadline by our clock and never longer than the command's hold. Opens the door, if
    // it has one; when that fails (Error) the hold ends as not begun.
    Doorway::Opened begin(OpenHold hold);
    // A knock that prolonged it. The later deadline wins. Throws Error when the door cannot be prolonged;
    // then it stays as it was.
    Doorway::Opened prolong(OpenHold& hold, Time deadline);
    // The ledger's deadline has moved, but what the knock wanted was refused here.
    void not_prolonged(OpenHold& hold, Time deadline);
    // The ledger has it, but it shall not be: what its knock wanted was refused here, or was revoked since.
    void end_at_once(OpenHold hold, Why why);
    // After a restart of validate or of ourselves: the ledger has it. Its door is opened again where it is
    // not.
    // `at_most`: what an earlier life had left of it by the clock that nobody sets.
    void told(OpenHold hold, std::chrono::milliseconds at_most = std::chrono::milliseconds::max());

    // Closes the door and asks validate to write down the end. Nothing when that is under way.
    void end(RowNumber row, Why why);
    std::size_t end_all(const std::function<bool(const OpenHold&)>& which, Why why); // how many
    // Validate has written it down: it is not here any more. Nothing: it was not here.
    [[nodiscard]] std::optional<OpenHold> forget(RowNumber row);
    void send_again(); // validate has started again

    // Those whose time is over; by a timer and, should there be none to be had, once a second.
    void look_at_clock();
    void claimed(RowNumber row, const Address& by);

    [[nodiscard]] OpenHold* find(RowNumber row); // also one whose end is under way
    [[nodiscard]] std::size_t size() const { return holds_.size(); }
    void each(const std::function<void(const OpenHold&)>& visit) const; // in order of row

  private:
    [[nodiscard]] std::chrono::milliseconds remaining(Time deadline, const OpenHold& hold) const;
    [[nodiscard]] Doorway::Opened open_door(OpenHold& hold, std::chrono::milliseconds how_long);
    void close_door(const OpenHold& hold);
    void release(const OpenHold& hold);
    void set_timer();
    void set_timer(std::chrono::steady_clock::time_point until); // unless it comes before that anyway

    EventLoop& loop_;
    const Clock& clock_;
    Doorway& doorway_;
    Hands hands_;
    std::map<RowNumber, OpenHold> holds_;
    std::unique_ptr<EventLoop::Timer> timer_;
    std::chrono::steady_clock::time_point timer_until_{};
};

} // namespace otk
