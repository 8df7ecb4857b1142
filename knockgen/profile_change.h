// Whether a new line may be kept: what it would weaken or change of what is known, said to the user, who
// decides. A line comes by mail (THREATS, "Forges a profile").
#pragma once

#include "knockgen/arguments.h"
#include "knockgen/profiles.h"

#include <optional>

namespace otk {

// Throws Error where the line says another check word for the chain of the profile in whose place it comes;
// where it is weaker than that one, than another profile or chain of its seed, or is of 64 bits, and
// --downgrade was not said; and where it changes anything and neither --yes was said nor `yes` typed on the
// terminal, to which the changes are told on standard error. Changes nothing by itself.
void check_meant(const NamedProfile& line, const Arguments& arguments);

} // namespace otk
