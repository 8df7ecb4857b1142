// A cgroup (version 2) for one command, so that the time limit also reaches children that left its process group.
// Where there is no writable cgroup of our own everything here quietly does nothing (DESIGN 9: "where there").
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>

namespace otk {

class CommandGroup {
  public:
    // Below the cgroup that this process is in; nothing when that cannot be written.
    [[nodiscard]] static std::optional<CommandGroup> make(const std::string& name);
    CommandGroup(CommandGroup&& other) noexcept;
    CommandGroup& operator=(CommandGroup&& other) noexcept;
    ~CommandGroup(); // removes it when it is empty

    [[nodiscard]] bool add(pid_t pid);
    void kill_all();

  private:
    explicit CommandGroup(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

} // namespace otk
