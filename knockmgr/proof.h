// knockmgr log --proof: did the owner of a key ask for this? From the bytes that a row keeps.
#pragma once

#include "knockmgr/subcommand.h"

#include <string>

namespace otk::knockmgr {

// Prints what the signed knock of the row says and whether its signature verifies; the result is 1 when it
// does not. `row`: as the user typed it.
[[nodiscard]] int show_proof(const Invocation& invocation, const std::string& row);

} // namespace otk::knockmgr
