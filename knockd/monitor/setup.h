// From the configuration to the first message of each child.
#pragma once

#include "config/config.h"
#include "knockd/messages.h"
#include "knockd/monitor/mark.h"
#include "sys/file.h"

#include <filesystem>
#include <optional>

namespace otk {

[[nodiscard]] message::CaptureSetup capture_setup(const Config& config, const Places& places, bool offline);
[[nodiscard]] message::ValidateSetup validate_setup(const Config& config, const Places& places,
                                                    const std::optional<Head>& mark, bool dry_run);

// Who may read status.json and doors.json ([state] readable_by). Throws Error where there is no such group.
[[nodiscard]] Readers state_readers(const Config& config);

// The directory that knockd-capture is confined to; nothing is ever put there. Makes it. Throws Error.
[[nodiscard]] std::filesystem::path empty_root(const Places& places);

// Where a helper of ours is: in OTK_LIBEXEC, beside this program, or in libexec/otk. Throws Error.
[[nodiscard]] std::filesystem::path helper_program(const std::string& name);

} // namespace otk
