// The pipes through which data moves from socket to socket without being copied (splice(2)). A stream has one
// only while something is in it, so connections that idle cost no pipe, and the kernel's limit for the pipes
// of one user is far away.
#pragma once

#include "base/fd.h"

#include <optional>
#include <vector>

namespace otk {

struct Pipe {
    Fd read;
    Fd write;
};

class Pipes {
  public:
    [[nodiscard]] std::optional<Pipe> take(); // nothing when there are no descriptors left
    void give_back(Pipe pipe);                // an empty one

  private:
    std::vector<Pipe> free_;
};

} // namespace otk
