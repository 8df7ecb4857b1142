// What stands in the world for a hold: a port let through or forwarded. Abstract, so that tests hand in a
// world of their own.
#pragma once

#include "knockd/messages.h"
#include "store/policy_store.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace otk {

// A hold of the ledger with what the monitor knows of it.
struct OpenHold {
    Hold hold;       // as in the ledger; its deadline is only ever compared there
    Count count = 0; // of the knock that began it
    Carrier carrier{};
    // As they were when it began. After a restart: as they are, or were when they were removed.
    GrantDetails details;
    std::uint16_t port = 0;      // of the door, as it was got: forward only
    std::vector<Address> claims; // who has claimed it
    // When it is over, by a clock that nobody sets.
    std::chrono::steady_clock::time_point until{};
    bool opened = false; // its door stands, or stood
    // A Release is under way, and why.
    std::optional<message::Release::Why> ending{};
};

// As a knock begins it.
[[nodiscard]] OpenHold hold_of(const message::Act& act, const GrantDetails& details, const Address& address);
// May what lasts go on lasting: of a grant that is there, enabled and not over. Other rules are judged by
// knocks.
[[nodiscard]] bool may_last(const std::optional<GrantDetails>& details, Time now);

// "22/tcp for 203.0.113.7/32", "61234/tcp to 127.0.0.1:22 for whoever claims it": which door it is.
[[nodiscard]] std::string describe_door(const OpenHold& hold);

class Doorway {
  public:
    Doorway() = default;
    Doorway(const Doorway&) = delete;
    Doorway& operator=(const Doorway&) = delete;
    virtual ~Doorway() = default;

    struct Opened {
        std::uint16_t port = 0; // of the door
        std::string remark;     // for the ledger, mostly ""
    };
    // For so long from now on; prolongs one that is open. Throws Error.
    [[nodiscard]] virtual Opened open(const OpenHold& hold, std::chrono::milliseconds how_long) = 0;
    // Closes it, for new connections. Troubles are told in the journal: it closes by itself when its time is
    // over.
    virtual void close(const OpenHold& hold) = 0;
};

} // namespace otk
