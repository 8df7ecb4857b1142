// `knockd --check`: is everything there to serve with this configuration, and what does it need from outside?
#pragma once

#include "config/config.h"

namespace otk {

// Prints to standard output; the exit code: 0 when knockd could serve, 1 when something is missing.
[[nodiscard]] int check(const Config& config, const Places& places);

// What a running knockd demands of a configuration that it is to take up: its interfaces and users are there,
// its names are not too long. Throws Error.
void must_be_usable(const Config& config, const Places& places);

// What it demands at its start of those that it starts: accounts that they can become, one for each, and the
// group that may read its state. Throws Error. (Interfaces may still come.)
void must_have_accounts(const Config& config);

} // namespace otk
