// The sandbox of knockd-capture (DESIGN 7).
#pragma once

namespace otk {

// What leaves by descriptors from lowest_sending_fd upwards.
struct Sends {
    bool answers = false; // of DNS, by sendto
    bool replies = false; // P3 of dynamic mode, by sendmsg, which can say the source address
};

// From here on: read the rings, talk on descriptors 3 and 4, and send what it `sends`. Everything else, above
// all sending on a capture socket, ends the process.
void confine_capture(const Sends& sends);

} // namespace otk
