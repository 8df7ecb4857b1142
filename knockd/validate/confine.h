// The sandbox of knockd-validate (DESIGN 7).
#pragma once

namespace otk {

// From here on: files of the directory it is confined to, descriptors 3 and 4, no network, no new processes.
void confine_validate();

} // namespace otk
