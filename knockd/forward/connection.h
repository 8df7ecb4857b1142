// A connection of a user and the one to the target that it is joined with.
#pragma once

#include "base/fd.h"
#include "knockd/forward/stream.h"
#include "policy/model.h"

#include <cstdint>
#include <string>

namespace otk {

class Connection {
  public:
    // The accepted socket of the user (non-blocking); begins to connect to the target. On failure the user's
    // socket is reset by the next step().
    Connection(Fd user, const Endpoint& target);

    [[nodiscard]] int user() const { return user_.get(); }
    [[nodiscard]] int target() const { return target_.get(); } // -1: could not be made
    // What epoll has told of one of the two, edge by edge.
    void note(int fd, std::uint32_t events);

    enum class Next : std::uint8_t {
        wait,  // for the next edge
        again, // it could go on, but others wait too
        over,  // both sockets are closed, or reset
    };
    [[nodiscard]] Next step(Pipes& pipes);

    // Why the target could not be reached, an errno; 0: it was, or that is not known yet.
    [[nodiscard]] int connect_error() const { return connect_error_; }

  private:
    Next give_up();

    Fd user_;
    Fd target_;
    bool connecting_ = true;
    bool broken_ = false;
    int connect_error_ = 0;
    Stream to_target_;
    Stream to_user_;
};

} // namespace otk
