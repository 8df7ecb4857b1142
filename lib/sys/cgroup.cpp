#include "sys/cgroup.h"

#include "base/fd.h"
#include "base/promise.h"
#include "base/text.h"
#include "sys/file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace otk {

namespace {

// On the directory of a group that was left on purpose. cgroup2 keeps such attributes since Linux 5.7, and
// cgroup.kill is younger.
constexpr const char* left_mark = "user.otk.left";

// Groups that had processes in them when they were let go.
std::vector<std::filesystem::path>& left_behind() {
    static std::vector<std::filesystem::path> paths;
    return paths;
}

// True when it is gone.
bool remove_directory(const std::filesystem::path& path) {
    return ::rmdir(path.c_str()) == 0 || errno == ENOENT;
}

bool write_control(const std::filesystem::path& file, std::string_view text) {
    const Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Those that are just ending are not listed any more. The maker of an earlier life may remove the group
// meanwhile, and then it cannot be read.
bool runs_in(const std::filesystem::path& group) {
    const Fd fd(::open((group / "cgroup.procs").c_str(), O_RDONLY | O_CLOEXEC));
    char first = 0;
    return fd && ::read(fd.get(), &first, 1) == 1;
}

// Where version 2 is mounted: alone, or beside version 1 (systemd's hybrid layout).
std::optional<std::filesystem::path> mount_point() {
    for (const char* place : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
        std::error_code ignored;
        if (std::filesystem::exists(std::filesystem::path(place) / "cgroup.controllers", ignored))
            return place;
    }
    return std::nullopt;
}

// The directory of the group that this process is in. The line of version 2 begins with `0::` (cgroups(7)); a
// path that climbs shows that the group lies outside of our cgroup namespace, where we have no business.
std::optional<std::filesystem::path> own_directory() {
    const auto mount = mount_point();
    const auto memberships = read_file("/proc/self/cgroup", 65536);
    if (!mount || !memberships) return std::nullopt;
    for (const std::string_view line : split(*memberships, '\n')) {
        constexpr std::string_view version_2 = "0::/";
        if (!line.starts_with(version_2)) continue;
        const std::string_view path = line.substr(version_2.size());
        if (path.find("..") != std::string_view::npos) return std::nullopt;
        return *mount / path;
    }
    return std::nullopt;
}

} // namespace

std::optional<CommandGroup> CommandGroup::make(const std::string& name) {
    promise(!name.empty() && name.find('/') == std::string::npos && name.front() != '.',
            "a group has a plain name");
    std::erase_if(left_behind(), remove_directory);
    const auto own = own_directory();
    if (!own) return std::nullopt;
    const std::filesystem::path path = *own / name;
    // One left by a daemon that crashed goes when it is empty; else it is not ours to use.
    (void)remove_directory(path);
    if (::mkdir(path.c_str(), 0755) != 0) return std::nullopt;
    if (::access((path / "cgroup.kill").c_str(), W_OK) != 0) { // kernels before 5.14, or no cgroup at all
        (void)remove_directory(path);
        return std::nullopt;
    }
    return CommandGroup(path);
}

CommandGroup::CommandGroup(CommandGroup&& other) noexcept : path_(std::exchange(other.path_, {})) {}

CommandGroup& CommandGroup::operator=(CommandGroup&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
}

CommandGroup::~CommandGroup() {
    if (!path_.empty() && !remove_directory(path_)) left_behind().push_back(path_);
}

bool CommandGroup::add(pid_t pid) const { return write_control(path_ / "cgroup.procs", std::to_string(pid)); }

Fd CommandGroup::entrance() const {
    return Fd(::open((path_ / "cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
}

void CommandGroup::kill_all() const { (void)write_control(path_ / "cgroup.kill", "1"); }

bool CommandGroup::leave() const { return ::setxattr(path_.c_str(), left_mark, "1", 1, 0) == 0; }

GroupNames group_names(const std::filesystem::path& directory) {
    struct stat status {};
    (void)::stat(directory.c_str(), &status);
    const std::string all = fmt::format("command-{:x}-{:x}-", status.st_dev, status.st_ino);
    return {all, fmt::format("{}{}-", all, ::getpid())};
}

std::size_t end_groups(const std::string& beginning) {
    const auto own = own_directory();
    if (!own) return 0;
    std::size_t ended = 0;
    std::error_code trouble;
    for (std::filesystem::directory_iterator each(*own, trouble), end; !trouble && each != end;
         each.increment(trouble)) {
        const std::filesystem::path& path = each->path();
        if (!path.filename().native().starts_with(beginning) || remove_directory(path)) continue;
        if (::getxattr(path.c_str(), left_mark, nullptr, 0) >= 0) continue;
        if (runs_in(path)) ++ended;
        (void)write_control(path / "cgroup.kill", "1");
        left_behind().push_back(path);
    }
    return ended;
}

} // namespace otk
