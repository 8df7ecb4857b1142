// How a command ended, in one line for people: the same words in the journal, in `knockmgr log` and in
// `knockmgr explain`.
#pragma once

#include "policy/decide.h"
#include "store/ledger.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace otk {

// What the ledger's row of an end and the monitor's message about it have in common.
struct Ending {
    Outcome outcome = Outcome::none;
    Refusal refusal = Refusal::none; // with Outcome::refused
    std::int64_t status = 0;         // what it means depends on the outcome
    std::chrono::milliseconds duration{};
    std::string_view text; // need not be fit to be printed
};

// "exit 0 in 12 ms", "killed by signal 9 after 3 ms", "not started: setgid: Operation not permitted",
// "refused: outside hours: Sat 17:30 CET", "opened 22/tcp for 203.0.113.7/32 for 60 s", "closed 2 doors".
[[nodiscard]] std::string how_it_ended(const Ending& ending);
[[nodiscard]] std::string how_it_ended(const Row& end); // of kind ended or interrupted

} // namespace otk
