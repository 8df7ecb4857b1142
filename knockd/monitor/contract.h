// What the monitor demands of its children's messages before it believes their fields (DESIGN 7). An owned
// child may send anything; what it says of a packet cannot be checked, but it must be something that a packet
// can be.
#pragma once

#include "knockd/messages.h"

namespace otk {

[[nodiscard]] bool well_formed(const message::Act& act);
[[nodiscard]] bool well_formed(const message::Report& report);
[[nodiscard]] bool well_formed(const message::Held& held);
[[nodiscard]] bool well_formed(const message::Released& released);
[[nodiscard]] bool well_formed(const message::ValidateReady& ready);
[[nodiscard]] bool well_formed(const message::CaptureReady& ready);
[[nodiscard]] bool well_formed(const message::LastWord& word);

} // namespace otk
