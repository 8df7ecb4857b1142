// Forwarding doors (DESIGN 6, last paragraph, and 9): a port of this host that leads to the command's target,
// for one address or for the first that claim it. By redirection where the target is a port of this host that
// listens on every address, else by a relay process, knockd-forward, for each door.
#pragma once

#include "config/config.h"
#include "knockd/monitor/firewall.h"
#include "policy/model.h"
#include "store/ledger.h"
#include "sys/event_loop.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace otk {

class Forwarding {
  public:
    struct Told {
        // A source has claimed a door; or a TCP connection was refused by a door that is somebody else's:
        // this source is proven, because its handshake was completed.
        std::function<void(RowNumber hold, const Address& source)> claimed;
        std::function<void(RowNumber hold, const Address& source)> refused;
        std::function<void(RowNumber hold, const std::string& why)> lost; // the relay ended before its time
    };
    // `firewall` may be nullptr, where nfnetlink cannot be had: then every door is a relay. Both outlive it.
    Forwarding(EventLoop& loop, Firewall* firewall, Told told);
    // Hangs up: the relays close their doors, and live on until their last connections have ended.
    ~Forwarding();

    struct Wanted {
        RowNumber hold{};
        Address address;                // none: to be claimed
        unsigned claims = 1;            // then: by so many sources, 1 to most_claims
        std::vector<Address> claimed{}; // of a door that is opened again after a restart; who has it keeps it
        std::uint16_t port = 0;         // the one that the knock determines
        PortRange range;
        Endpoint target;
        std::chrono::milliseconds how_long{};
        std::string run_as;     // account of the relay; empty without root
        std::string empty_root; // directory that it is confined to; used with run_as
    };
    // Opens; the port it got: the wanted one, or where that is taken one of the next 8 in the range,
    // wrapping. The door closes itself when its time is over. One that is open already is prolonged and keeps
    // its port, whatever else is wanted. Throws Error.
    [[nodiscard]] std::uint16_t open(const Wanted& wanted);
    // Ends the door early: no new connections; those that were made live on. Nothing when there is none.
    // Throws Error when the firewall does not take a redirection back, which then ends with its time.
    void close(RowNumber hold);
    // What of it the firewall has to put back after a flush.
    [[nodiscard]] std::vector<Firewall::Standing> redirections() const;

    [[nodiscard]] bool child_ended(pid_t pid, int wait_status); // false: not one of these

  private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

} // namespace otk
