// How a command ended, or what became of a door, as validate is told.
#pragma once

#include "knockd/messages.h"
#include "knockd/monitor/doorway.h"

#include <string_view>
#include <vector>

namespace otk {

struct End {
    message::Done done;
    std::vector<std::uint8_t> output; // standard output and error, at most message::largest_output
};

[[nodiscard]] End end_of(RowNumber row, Outcome outcome, std::string_view text = {});
// A door that was opened or prolonged by the knock of `row`: which one and until when.
[[nodiscard]] End end_of_door(RowNumber row, Outcome outcome, const OpenHold& hold, std::string_view remark);

} // namespace otk
