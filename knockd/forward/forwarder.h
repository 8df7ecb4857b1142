// The relay behind one door (DESIGN 6, last paragraph): accepts for as long as the door is open, and moves
// data until the last connection has ended.
#pragma once

#include "knockd/forward/admission.h"
#include "knockd/forward/connection.h"
#include "knockd/forward/pipes.h"
#include "knockd/forward_messages.h"
#include "knockd/journal.h"
#include "knockd/mailbox.h"
#include "sys/channel.h"

#include <chrono>
#include <map>
#include <memory>
#include <set>

namespace otk {

class Forwarder {
  public:
    // At most so many connections at once; further ones wait in the kernel's queue.
    Forwarder(const message::ForwardSetup& setup, Channel monitor, Fd door, std::size_t most_connections);

    // Until the door is closed, by time or by the monitor, and the last connection has ended.
    void serve();

  private:
    using Clock = std::chrono::steady_clock;

    void wait();
    void hear_monitor();
    void accept_some(int most);
    void admit(Fd user, const Address& source);
    void begin(Fd user);
    void move_what_can_be_moved();
    void close_door();
    // Whether the door is looked after: not while there is no room for another connection.
    void watch_door(bool watched);
    [[nodiscard]] bool room() const { return connections_.size() < most_connections_; }
    [[nodiscard]] int milliseconds_to_wait() const;

    Endpoint target_;
    std::string
        cannot_connect_; // the beginning of what is said then; made outside of the sandbox, see journal()
    Admission admission_;
    std::size_t most_connections_;
    Channel monitor_;
    Fd door_;
    bool door_watched_ = false;
    Clock::time_point closes_at_;
    Clock::time_point accept_again_at_{}; // after descriptors or memory were short
    unsigned refusals_ = 0;
    Fd epoll_;
    std::map<Connection*, std::unique_ptr<Connection>> connections_;
    std::map<int, Connection*> by_socket_; // each by both of its sockets
    std::set<Connection*> ready_;
    Pipes pipes_;
    Complaint trouble_{"knockd-forward"};
};

} // namespace otk
