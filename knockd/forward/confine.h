// The sandbox of knockd-forward (DESIGN 7).
#pragma once

namespace otk {

// From here on: accept on descriptor 4, connect, move data, talk on descriptor 3. No files, no other
// listening socket; and the filter of the door's socket, which keeps strangers out, cannot be changed.
void confine_forward();

} // namespace otk
