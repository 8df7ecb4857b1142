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

  private:
    explicit CommandGroup(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_; // empty: moved from
};

} // namespace otk
