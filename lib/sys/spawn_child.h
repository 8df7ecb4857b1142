// What the child of a command does between fork and exec, in the parts that a child forked for its command
// and a spare (spares.h) have in common. For this library only.
#pragma once

#include "base/fd.h"
#include "sys/spawn.h"

#include <optional>
#include <sys/types.h>
#include <vector>

namespace otk {

struct Pipe {
    Fd read; // non-blocking
    Fd write;
};
[[nodiscard]] Pipe make_pipe(); // close-on-exec; throws Error
[[nodiscard]] pid_t fork_or_throw();

// The monitor blocks signals to read them from a descriptor, and exec inherits both the mask and what is
// ignored.
void reset_signals();
// /dev/null becomes all of `first` to `last`.
[[nodiscard]] bool null_becomes(int first, int last);

// `output` becomes 1 and 2, `start` 3, and `further`, if it is not -1, 4: these two are closed by exec. 0 is
// /dev/null, and nothing else is left. Without its descriptors a child cannot even tell that it failed.
[[nodiscard]] bool arrange_command_descriptors(int output, int start, int further);
inline constexpr int command_start_fd = 3;
inline constexpr int command_further_fd = 4;

// The step that failed, with errno set; none when all went well.
using FailedStep = std::optional<StartFailure::Step>;
// Signals, limits, session, umask and directory, as a command is to find them.
[[nodiscard]] FailedStep leave_parent();
struct Ids {
    uid_t uid = 0;
    gid_t gid = 0;
    const gid_t* groups = nullptr;
    std::size_t group_count = 0;
};
// Borrows the groups.
[[nodiscard]] std::optional<Ids> ids_of(const std::optional<Account>& account,
                                        const std::vector<gid_t>& groups);
// Of the account that the command runs as: those that came with it, or looked up; never by the child, which
// must not wait for a directory service.
[[nodiscard]] std::vector<gid_t> groups_for(const CommandToRun& command);
// Becomes the user, if there is one to become, with no way up; dies with `parent` from then on, and at once
// if that has died already.
[[nodiscard]] FailedStep become_user(const std::optional<Ids>& user, pid_t parent);

// Executes, or says into the start pipe why not.
[[noreturn]] void execute_or_tell(FailedStep failed, char* const* argv, char* const* environment);

} // namespace otk
