#include "knockgen/profiles.h"

#include "base/text.h"
#include "knockgen/arguments.h"
#include "sheet/sheet.h"
#include "sys/file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {
namespace {

constexpr std::string_view ending = ".profile";
constexpr std::size_t largest_profile_file = 4096; // many times the longest line

// XDG Base Directory Specification: a variable that is not set, empty or relative does not count.
std::filesystem::path folder_of(const char* variable, std::string_view below_home) {
    const char* const value = std::getenv(variable);
    if (value != nullptr && value[0] == '/') return std::filesystem::path(value) / "otk";
    const char* const home = std::getenv("HOME");
    if (home != nullptr && home[0] == '/') return std::filesystem::path(home) / below_home / "otk";
    throw Error(fmt::format("cannot tell where your files are: set HOME or {} to a directory", variable));
}

std::filesystem::path file_of(std::string_view name) {
    return profile_folder() / (std::string(name) + std::string(ending));
}

bool is_there(const std::filesystem::path& file) {
    struct stat status {};
    return lstat(file.c_str(), &status) == 0;
}

Result<Profile, std::string> read_profile(std::string_view name) {
    std::string line = read_file(file_of(name), largest_profile_file).value_or("");
    if (line.ends_with('\n')) line.pop_back();
    return parse_profile(line);
}

std::optional<Profile> readable_profile(std::string_view name) {
    try {
        auto profile = read_profile(name);
        return profile ? std::optional(std::move(profile).take()) : std::nullopt;
    } catch (const Error&) { // no file, or one that is too large, or not for this user
        return std::nullopt;
    }
}

NamedProfile load(std::string_view name) {
    auto profile = read_profile(name);
    if (!profile) {
        const std::filesystem::path file = file_of(name);
        throw Error(fmt::format("{}: {}; put the line in its place that your administrator gave you: "
                                "knockgen profile add {} --replace 'otk1-profile ...'",
                                printable(file.string()), profile.reason(), name));
    }
    return {std::string(name), std::move(profile).take()};
}

// A name of the DNS as it is compared: whatever its case, with or without final dot.
std::string plain_host(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    return to_lower(host);
}

std::vector<NamedProfile> profiles_for(std::string_view host) {
    std::vector<NamedProfile> found = all_profiles();
    std::erase_if(
        found, [&](const NamedProfile& each) { return plain_host(each.profile.host) != plain_host(host); });
    return found;
}

std::string names_of(const std::vector<NamedProfile>& profiles) {
    std::string names;
    for (const NamedProfile& each : profiles)
        names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", each.name, each.profile.command);
    return names;
}

Error none_found(std::string_view wanted) {
    const std::string there = names_of(all_profiles());
    return Error(fmt::format(
        "there is no profile {0}, and none for a host of that name{1}; make one from the line that your "
        "administrator's knockmgr printed: knockgen profile add NAME 'otk1-profile ...'",
        printable(wanted), there.empty() ? "" : "; there are " + there));
}

} // namespace

std::filesystem::path profile_folder() { return folder_of("XDG_CONFIG_HOME", ".config"); }

std::filesystem::path state_folder() { return folder_of("XDG_STATE_HOME", ".local/state"); }

void make_folder(const std::filesystem::path& folder) {
    if (std::filesystem::is_directory(folder)) return;
    if (folder.has_parent_path() && folder.parent_path() != folder) make_folder(folder.parent_path());
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        throw system_error(fmt::format("cannot make the directory {}", printable(folder.string())));
}

void check_profile_name(std::string_view name) {
    if (valid_name(name)) return;
    throw UsageError(fmt::format("\"{}\" cannot be the name of a profile: take 1 to 32 of a-z 0-9 . _ -, "
                                 "beginning with a letter",
                                 printable(name)));
}

std::vector<std::string> profile_names() {
    std::vector<std::string> names;
    std::error_code trouble; // no folder: no profiles
    for (const auto& entry : std::filesystem::directory_iterator(profile_folder(), trouble)) {
        const std::string name = entry.path().stem().string();
        if (entry.path().extension() == ending && valid_name(name)) names.push_back(name);
    }
    if (trouble && trouble != std::errc::no_such_file_or_directory) {
        throw system_error(fmt::format("cannot read {}", printable(profile_folder().string())),
                           trouble.value());
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<NamedProfile> all_profiles() {
    std::vector<NamedProfile> profiles;
    for (const std::string& name : profile_names())
        profiles.push_back(load(name));
    return profiles;
}

std::vector<NamedProfile> readable_profiles() {
    std::vector<NamedProfile> profiles;
    for (const std::string& name : profile_names()) {
        if (auto profile = readable_profile(name)) profiles.push_back({name, *std::move(profile)});
    }
    return profiles;
}

bool profile_exists(std::string_view name) { return is_there(file_of(name)); }

NamedProfile find_profile(std::string_view name_or_host) {
    if (valid_name(name_or_host) && is_there(file_of(name_or_host))) return load(name_or_host);
    std::vector<NamedProfile> candidates = profiles_for(name_or_host);
    if (candidates.empty()) throw none_found(name_or_host);
    if (candidates.size() > 1) {
        throw Error(fmt::format("several profiles are for {}: {}; name the one that you mean",
                                printable(name_or_host), names_of(candidates)));
    }
    return std::move(candidates.front());
}

void refuse_taken_name(std::string_view name) {
    if (!profile_exists(name)) return;
    throw Error(fmt::format("there is a profile {} already; choose another name, or put this one in its "
                            "place with --replace",
                            name));
}

void save_profile(const NamedProfile& profile, bool replace) {
    const std::filesystem::path file = file_of(profile.name);
    const std::string content = format_profile(profile.profile) + '\n';
    make_folder(file.parent_path());
    if (replace) return replace_file(file, content, 0600, true);
    refuse_taken_name(profile.name);
    write_private_file(file, content); // refuses by itself, should one have come in between
}

void remove_profile(std::string_view name) {
    const std::filesystem::path file = file_of(name);
    if (unlink(file.c_str()) == 0) return;
    if (errno == ENOENT) {
        throw Error(fmt::format("there is no profile {}; knockgen profile list shows those that there are",
                                printable(name)));
    }
    throw system_error(fmt::format("cannot remove {}", printable(file.string())));
}

} // namespace otk
