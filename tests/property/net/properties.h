// The groups of properties of lib/net; each returns whether all of its own hold, and rapidcheck prints what
// does not.
#pragma once

namespace otk {

[[nodiscard]] bool frame_properties();
[[nodiscard]] bool dns_properties();

} // namespace otk
