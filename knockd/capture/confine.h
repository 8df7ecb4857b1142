// The sandbox of knockd-capture (DESIGN 7).
#pragma once

namespace otk {

// From here on: read the rings, talk on descriptors 3 and 4, and, if it `sends`, send answers from
// lowest_sending_fd upwards. Everything else, above all sending on a capture socket, ends the process.
void confine_capture(bool sends);

} // namespace otk
