// The profiles of this user: one file each in the configuration's folder, made by `knockgen profile add`
// from the line that `knockmgr grant add` printed (lib/profile). Nothing in them is secret, but they say
// which servers their owner knocks at: mode 0600 in a folder of mode 0700.
#pragma once

#include "profile/profile.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace otk {

struct NamedProfile {
    std::string name; // valid_name() of policy/model.h
    Profile profile;
};

// $XDG_CONFIG_HOME/otk or ~/.config/otk. Throws Error where neither variable says a place.
[[nodiscard]] std::filesystem::path profile_folder();
// $XDG_STATE_HOME/otk or ~/.local/state/otk: next numbers.
[[nodiscard]] std::filesystem::path state_folder();
// Makes the folder and what is missing above it, each with mode 0700. Throws Error.
void make_folder(const std::filesystem::path& folder);

// In order; empty where there are none. Throws Error for a folder that cannot be read.
[[nodiscard]] std::vector<std::string> profile_names();
// In the order of their names. Throws Error for a file that cannot be read.
[[nodiscard]] std::vector<NamedProfile> all_profiles();
// The profile of that name; else the only one for that host. Throws Error that names the candidates where
// several are for it, and says how to add one where none is.
[[nodiscard]] NamedProfile find_profile(std::string_view name_or_host);

// The same as all_profiles() without those that cannot be read.
[[nodiscard]] std::vector<NamedProfile> readable_profiles();
// Whether there is a file of that name, readable or not.
[[nodiscard]] bool profile_exists(std::string_view name);

// Throws Error where there is a profile of that name.
void refuse_taken_name(std::string_view name);
// Throws Error where one of that name exists and is not to be replaced.
void save_profile(const NamedProfile& profile, bool replace);
// Throws Error where there is none. What is known about its numbers stays (next_number.h).
void remove_profile(std::string_view name);

// Throws UsageError for what cannot be a profile's name.
void check_profile_name(std::string_view name);

} // namespace otk
