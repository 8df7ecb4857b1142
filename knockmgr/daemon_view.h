// What knockd says about itself, for people (knockmgr status).
#pragma once

#include "knockmgr/daemon.h"
#include "knockmgr/output.h"

namespace otk::knockmgr {

// Whether it runs and accepts; then, while it runs: first what needs attention, then what was counted.
void add_daemon(Fields& fields, const Daemon& daemon);

} // namespace otk::knockmgr
