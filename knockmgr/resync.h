// knockmgr grant resync: moves a chain forward to a knock that the user reads out.
#pragma once

#include "knockmgr/subcommand.h"

namespace otk::knockmgr {

[[nodiscard]] Subcommand resync_subcommand();

} // namespace otk::knockmgr
