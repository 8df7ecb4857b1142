// Asking a name server for the text (TXT) of a name: the name is the knock, the text, once the knock was
// accepted, tells what became of it (DESIGN 4).
#pragma once

#include "knockgen/destination.h"

#include <chrono>
#include <string>

namespace otk {

struct Reply {
    bool sent = false;   // the question left this machine, as far as can be told
    std::string text;    // what the server says about the knock; empty when it says nothing
    std::string trouble; // why no answer came, or what the resolver says instead of one; a few words
};

// Through the resolvers that this system is set up with (resolv.conf). Waits for as long as they are given
// there, but no longer than some seconds.
[[nodiscard]] Reply ask_system(const std::string& name);

// One question to that name server, port 53, by udp.
[[nodiscard]] Reply ask_at(const Target& server, const std::string& name, std::chrono::milliseconds patience);

} // namespace otk
