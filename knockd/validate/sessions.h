// Dynamic requests from their acceptance until nobody asks about them any more (DESIGN 6): waiting for their
// SYNs, then for their door, then answering P2 while it is open.
//
// The ledger has what counts: a request that is waiting is an accepted row without an end, and the hold of
// its door is durable before the monitor is told to open it. A session itself is memory only. When validate
// is started again it is gone, and the row ends as interrupted.
#pragma once

#include "base/clock.h"
#include "base/port_range.h"
#include "base/random.h"
#include "knockd/messages.h"
#include "knockd/validate/accepted_request.h"
#include "knockd/validate/outlet.h"
#include "store/ledger.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

namespace otk {

class Sessions {
  public:
    struct World {
        Ledger& ledger;
        Outlet& outlet;
        const Clock& clock;                                  // of deadlines
        std::function<std::chrono::nanoseconds()> monotonic; // of everything that is waited for
        RandomSource random;                                 // chooses the ports of doors
        PortRange ports;                                     // within these
    };
    explicit Sessions(World world); // what it refers to outlives it

    // How long the SYNs may take.
    static constexpr std::chrono::seconds patience{10};
    // How long P2 is still answered when there is nothing more to expect: refused, failed, over.
    static constexpr std::chrono::seconds afterwards{60};
    // Of all. The oldest one whose end is known makes room, else the oldest that waits, else the oldest.
    static constexpr std::size_t most = message::most_sessions;

    // The commit of its spend has returned, and its Act was said (but not for a refused one). One of the same
    // grant that still waits for its SYNs ends.
    void begin(AcceptedRequest request);

    // From capture, which may lie: a session that is not there, or not waiting, changes nothing.
    void arrived(const message::Arrived& arrived);
    void asked(const message::Asked& asked); // answers it, if it is authentic and new
    // All whose SYNs have come since the last call: their holds become durable in one transaction, and then
    // the monitor hears of them. Throws Error when the ledger cannot be written; the next call tries again.
    void open_doors();

    // Of any row. A door that was prolonged is open for longer to all whose door it is.
    void ended(const message::Done& done);
    void released(RowNumber hold); // its door is closed
    void look_at_clock();          // a few times a second
    void say_all();                // capture has started again and knows none

    struct Counts {
        std::uint64_t waiting = 0; // for SYNs, or for the door
        std::uint64_t open = 0;
    };
    [[nodiscard]] Counts counts() const;

  private:
    enum class State : std::uint8_t {
        waiting, // for the SYNs
        arrived, // they have come, and the hold is not durable yet
        opening, // the monitor was told
        open,
        over, // nothing more will happen: refused, failed or closed
    };
    struct Session {
        AcceptedRequest request;
        DynamicServer end;
        State state = State::waiting;
        DynamicStatus status = DynamicStatus::waiting;
        std::uint16_t port = 0;
        Time deadline{};                  // of the open door
        std::chrono::nanoseconds until{}; // monotonic: of the state; not of `opening`
    };
    // The ledger row's, which no other request ever has, whoever is started again meanwhile; and it rises, so
    // that the oldest comes first.
    using Number = std::uint64_t;
    using Each = std::map<Number, Session>::iterator;

    void make_room();
    void tell_monitor(const Session& session, message::Act::Stage stage) const;
    void expect(Number number, const Session& session) const;
    void give_up(Number number, Session& session, message::Act::Stage why);
    void be_over(Number number, Session& session, DynamicStatus status);
    Each forget(Each session);
    [[nodiscard]] Session* find(RowNumber row, Number* number);
    void open(Session& session, std::uint16_t port, Time deadline) const;
    template <typename Visit>
    void each_behind(RowNumber hold, const Visit& visit);
    [[nodiscard]] DynamicAnswer answer_of(const Session& session) const;
    [[nodiscard]] std::uint16_t any_port() const;

    World world_;
    std::map<Number, Session> sessions_;
    std::unordered_map<RowNumber, Number> of_row_;
    std::unordered_multimap<RowNumber, Number> of_hold_; // those whose door it is, each once
    std::unordered_map<GrantId, Number> waiting_;        // the one request of a grant that waits for its SYNs
    bool some_arrived_ = false;
};

} // namespace otk
