// What knockd has noted of the guard (store/guard_file.h), as knockmgr reads and, where no knockd runs,
// writes it.
#pragma once

#include "config/config.h"
#include "store/guard_file.h"

#include <optional>
#include <string>

namespace otk::knockmgr {

// Nothing where nothing was noted yet, or nothing that can be read: the latter is told on standard error.
[[nodiscard]] std::optional<GuardRecord> noted_by_knockd(const Places& where);
// Durable when it returns. Throws Error.
void write_guard_record(const Places& where, const GuardRecord& record);

[[nodiscard]] GuardRecord::OfConfig guard_half_of(const Config& config);
// What arms the guard at the next boot: a sentence for people.
[[nodiscard]] std::string at_boot_text(const Places& where);

} // namespace otk::knockmgr
