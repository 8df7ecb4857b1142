// What a running knockd says about itself in Prometheus' text format, version 0.0.4, for the textfile
// collector of node_exporter.
#pragma once

#include "store/status_file.h"

#include <cstdint>
#include <string>

namespace otk {

// Each counter and gauge that is known, with its help and type. `started`: knockd, s since 1970.
[[nodiscard]] std::string format_metrics(const DaemonStatus& status, std::int64_t started);

} // namespace otk
