// A knock as an administrator types it, or reads it out.
#pragma once

#include "knockmgr/subcommand.h"
#include "otp/text_form.h"

namespace otk::knockmgr {

// The arguments from `first` on: hex, base32 or words; `-` alone: the first line of standard input.
// Everything that the text may mean, at least one reading. Throws Error when it cannot be a knock. Also makes
// libcrypto ready, before a child has no files.
[[nodiscard]] Readings knock_argument(const Invocation& invocation, std::size_t first);

} // namespace otk::knockmgr
