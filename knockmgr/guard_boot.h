// What otk-guard.service and otk-guard-alert.service run (DESIGN 9).
#pragma once

#include "knockmgr/subcommand.h"

namespace otk::knockmgr {

[[nodiscard]] Subcommand guard_arm_subcommand();
[[nodiscard]] Subcommand guard_alert_subcommand();

} // namespace otk::knockmgr
