// What is said between Spares, its maker and a spare. For this library only.
#pragma once

#include "base/bytes.h"
#include "sys/spawn.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace otk {

// To the maker, with the descriptors that the spare is to have: output, start, its channel, and the entrance
// of its cgroup, if there is one.
struct MakeSpare {
    std::uint32_t descriptors = 0;
};
inline constexpr std::size_t most_spare_descriptors = 4;

// From the spare: it is ready, and this is its process id.
struct SpareReady {
    pid_t pid = -1;
};

// To the spare: this header, the groups, and then all words of argv and environment, each with a zero byte.
struct SpareOrder {
    std::uint32_t has_user = 0; // 0 or 1
    uid_t uid = 0;
    gid_t gid = 0;
    std::uint32_t groups = 0;
    std::uint32_t arguments = 0;
    std::uint32_t variables = 0;
};
inline constexpr std::size_t largest_order = 32'768;  // bytes; longer ones are for spawn_command
inline constexpr std::size_t most_order_words = 1024; // of argv and environment together

// Nothing when it would be longer than that.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> order_of(const CommandToRun& command,
                                                                const std::vector<gid_t>& groups);

// What the maker does until nobody holds the other end of its channel; `channel` becomes its only descriptor
// beyond standard error. `parent`: whose children the spares are. `groups`: what it ends then (end_groups).
[[noreturn]] void make_spares(int channel, pid_t parent, const std::string& groups);

} // namespace otk
