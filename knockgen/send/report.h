// What the user is told about a knock that was sent, as text or as JSON.
#pragma once

#include "knockgen/next_number.h"
#include "knockgen/send/delivery.h"

namespace otk {

// Throws Error, after a JSON object was printed, where nothing left, the server said that it refused, or the
// door did not open: with what to try next.
void report(const Plan& plan, const Taken& taken, const Outcome& outcome);

// Everything but the value, which nobody should see before it is used.
void report_dry_run(const Plan& plan, const Taken& taken);

} // namespace otk
