// knockmgr command add: what a knock shall trigger, from the options of the command line (DESIGN 9 and 12).
#pragma once

#include "knockmgr/subcommand.h"

namespace otk::knockmgr {

[[nodiscard]] Subcommand command_add_subcommand();

} // namespace otk::knockmgr
