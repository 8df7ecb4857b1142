// CAP_NET_RAW of a program that is started by a user and may have been given that one capability.
#pragma once

namespace otk {

// Gives it up for good: no raw socket can be opened any more. Having none is no fault.
void drop_raw_capability();

} // namespace otk
