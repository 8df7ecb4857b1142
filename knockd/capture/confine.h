// The sandbox of knockd-capture (DESIGN 7).
#pragma once

namespace otk {

// From here on: read the rings, talk on descriptors 3 and 4, send answers from descriptor `answers_from`
// upwards (0: none). Everything else, above all sending on a capture socket, ends the process.
void confine_capture(int answers_from);

} // namespace otk
