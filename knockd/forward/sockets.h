// TCP sockets as the relay wants them.
#pragma once

#include "base/fd.h"

namespace otk {

// Small pieces at once (TCP_NODELAY); and a peer that has gone without a word is noticed within minutes.
void keep_alive(int socket);
// Half a minute, instead of two, for a target that does not answer.
void limit_connecting(int socket);
// Closes at once and tells the other side so (RST).
void reset(Fd socket);
[[nodiscard]] int pending_error(int socket); // errno, taken from the socket; 0: none

} // namespace otk
