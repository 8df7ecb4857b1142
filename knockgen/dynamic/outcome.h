// What became of a dynamic request, in the user's words.
#pragma once

#include "knockgen/dynamic/exchange.h"
#include "otp/chain.h"

#include <string>

namespace otk {

struct Asked {
    std::string host; // as the user knows it
    Count number = 0; // of the knock that P1 spent
    std::chrono::seconds timeout{};
    std::string again;        // the command line that asks for the same with the next knock
    std::string when_unheard; // what else to look at where nothing was answered; no full stop
};

// Throws Error unless a door is open: what the server said, or that it said nothing, and what to try.
void demand_open(const Asked& asked, const Exchange::End& end);

// One sentence where the server saw another source than ours, a NAT before us; else empty.
[[nodiscard]] std::string about_nat(const Exchange::End& end);

// The door as one JSON object and a newline.
[[nodiscard]] std::string as_json(const Asked& asked, const Exchange::End& end);

} // namespace otk
