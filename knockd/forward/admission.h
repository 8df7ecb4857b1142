// Whom a door is for (DESIGN 6, last paragraph).
#pragma once

#include "knockd/messages.h"

#include <vector>

namespace otk {

class Admission {
  public:
    // The addresses that may pass already; of a door that is to be claimed, `claims` in all (0: it is not).
    Admission(std::vector<Address> allowed, unsigned claims) :
        allowed_(std::move(allowed)), claims_(claims) {}

    enum class Answer : std::uint8_t {
        welcome,
        claimed, // from now on the door is also for this one
        refused,
    };
    // Of a source whose handshake is complete, so that it is not forged. A source that no door could be for,
    // such as loopback, claims nothing.
    [[nodiscard]] Answer ask(const Address& source);

  private:
    std::vector<Address> allowed_;
    unsigned claims_;
};

} // namespace otk
