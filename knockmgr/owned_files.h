// Directories and files of an installation that belong to root and are for one of knockd's accounts to read.
// Without root everything is the caller's.
#pragma once

#include "config/config.h"

#include <filesystem>
#include <string_view>
#include <sys/types.h>

namespace otk::knockmgr {

// The group of the account that [users] validate names; the caller's own without root. Throws Error where
// there is no such account.
[[nodiscard]] gid_t validate_group(const Config& config, const Places& where);

// Makes the directory, or sets owner and mode of the one that is there. Without root the ids are not used.
// Throws Error.
void make_directory(const std::filesystem::path& directory, mode_t mode, uid_t uid, gid_t gid);

// A new file that its group can read, or another content for it, on the disk when this returns: whatever
// happens, there is the old one or the new one, with the right owner. Only root (without root: the caller)
// can write to the directory. Throws Error.
void write_group_file(const std::filesystem::path& file, std::string_view content, gid_t group);

} // namespace otk::knockmgr
