// The groups of properties of lib/request; each returns whether all of its own hold, and rapidcheck prints
// what does not.
#pragma once

namespace otk::property {

[[nodiscard]] bool signed_properties();
[[nodiscard]] bool dynamic_properties();

} // namespace otk::property
