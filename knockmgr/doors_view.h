// Doors as people and programs are shown them.
#pragma once

#include "knockmgr/output.h"
#include "store/doors_file.h"

#include <string>
#include <vector>

namespace otk::knockmgr {

// "22/tcp from 203.0.113.7/32", "61234/tcp -> 127.0.0.1:22 from 203.0.113.7", "undo for 203.0.113.7".
[[nodiscard]] std::string what_of(const DoorListed& door);
// "47 s", "5 min 3 s", "3 h 20 min", "2 d 1 h"; "over" when its time is over.
[[nodiscard]] std::string left_text(const DoorListed& door, Time now);
[[nodiscard]] Json json_of(const std::vector<DoorListed>& doors, Time now);
// What it means for these doors that knockd does not run.
[[nodiscard]] std::string not_running_text(const std::vector<DoorListed>& doors);

} // namespace otk::knockmgr
