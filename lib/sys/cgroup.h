// A cgroup (version 2) for one command, so that the time limit also reaches children that left its process
// group. Where there is no writable cgroup of our own everything here quietly does nothing (DESIGN 9: "where
// there").
#pragma once

#include "base/fd.h"

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>

namespace otk {

class CommandGroup {
  public:
    // Below the cgroup that this process is in; nothing when that cannot be written, or when a group of this
    // name is still in use. `name` is a file name.
    [[nodiscard]] static std::optional<CommandGroup> make(const std::string& name);
    CommandGroup(CommandGroup&& other) noexcept;
    CommandGroup& operator=(CommandGroup&& other) noexcept;
    // Removes it when it is empty. One that is not empty yet (its killed processes are still ending) is tried
    // again whenever another one is made.
    ~CommandGroup();

    // Moves a process into the group; false when that fails. What the process started before stays outside,
    // so the child itself does this before exec (CommandToRun::group).
    [[nodiscard]] bool add(pid_t pid) const;
    // For a process that is to join by itself, with no more than this descriptor: it writes "0" there. None
    // when it cannot be opened.
    [[nodiscard]] Fd entrance() const;
    // SIGKILL to every process in the group, whatever session or process group it went to.
    void kill_all() const;
    // What is in it now may outlive us and end_groups(). False when that cannot be noted.
    [[nodiscard]] bool leave() const;

  private:
    explicit CommandGroup(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_; // empty: moved from
};

// How the names of groups begin, so that a later life of the same program finds them. Whose they are the
// directory says that only one program at a time works with: by its device and inode numbers, which stay when
// it is reached by another name, and which no two programs share that happen to be in one cgroup.
struct GroupNames {
    std::string all;          // of every life
    std::string of_this_life; // of this process
};
// A directory that is not there makes names of its own.
[[nodiscard]] GroupNames group_names(const std::filesystem::path& directory);

// SIGKILL to whatever runs in groups of this beginning, below the cgroup that this process is in, but for
// what was left there on purpose; what is empty is removed. Gives the number of groups in which something
// ran.
std::size_t end_groups(const std::string& beginning);

} // namespace otk
