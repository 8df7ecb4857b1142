// knockmgr grant renew: a new chain for one grant, or for all whose knocks this server makes.
#pragma once

#include "knockmgr/subcommand.h"

namespace otk::knockmgr {

[[nodiscard]] Subcommand renew_subcommand();

} // namespace otk::knockmgr
