// A dynamic request (P1) whose signature is valid: its value is spent, its row durable. What becomes of it
// from there on is the business of whoever keeps the sessions (DESIGN 6).
#pragma once

#include "knockd/messages.h"
#include "policy/decide.h"
#include "request/dynamic.h"

#include <chrono>

namespace otk {

struct AcceptedRequest {
    // None: it was accepted. Else a rule refused it: nothing will be opened, and only P2 is answered.
    Refusal refusal = Refusal::none;
    // What the monitor was told (Stage::waits), and will be told again when the SYNs have come, then with
    // hold, deadline and port.
    message::Act act;
    // Where P1 came from and where it went to: P3 goes the same way back.
    Address source;
    Address destination;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    DeclaredSyns syns{};
    bool ignore_sequence = false; // the grant's --isn ignore
    std::chrono::seconds hold{};  // the command's: how long its door will be open
    DynamicKeys keys;
};

} // namespace otk
