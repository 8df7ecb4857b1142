// Starting programs: our own helpers with fixed descriptors, and commands as other users (DESIGN 7 and 9).
// By fork, never vfork: a user who may signal the child must not be able to hang its parent.
#pragma once

#include "base/fd.h"
#include "sys/cgroup.h"
#include "sys/privileges.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace otk {

// A helper of ours: inherits the environment and standard error; standard input and output are /dev/null,
// `descriptors[i]` becomes 3 + i, all others are closed. It has default signals and a process group of its
// own, so that Ctrl-C reaches the monitor only, which then ends it in order. When its parent dies it is
// killed, unless it is one that has to finish what it has in hand: that one learns it from a channel. Throws
// Error when fork fails; a failing exec shows as exit code 127 with a line on standard error.
enum class OrphanedHelper : std::uint8_t { is_killed, lives_on };
[[nodiscard]] pid_t spawn_helper(const std::filesystem::path& program,
                                 const std::vector<std::string>& arguments,
                                 const std::vector<int>& descriptors,
                                 OrphanedHelper orphaned = OrphanedHelper::is_killed);

struct CommandToRun {
    std::vector<std::string> argv;        // argv[0]: absolute path
    std::vector<std::string> environment; // complete
    std::optional<Account> run_as;        // none: as we are
    std::vector<gid_t> groups{};          // of run_as, all of them; empty: they are looked up
    const CommandGroup* group = nullptr;  // borrowed; joined before anything else, as far as that works
};

struct RunningCommand {
    pid_t pid = -1; // also its process group
    Fd output;      // standard output and error in one; non-blocking; end of file when all holders closed it
    Fd start;       // non-blocking; readable once: empty (end of file) when the program was started, else a
                    // StartFailure
};

// What went wrong between fork and exec.
struct StartFailure {
    enum class Step : std::int32_t { group = 1, groups, gid, uid, limits, directory, exec } step{};
    std::int32_t error = 0; // errno
};
// For people: "cannot NAME".
[[nodiscard]] std::string_view name_of(StartFailure::Step step);

// In an own session and process group, working directory `/`, umask 022, default signals, standard input
// /dev/null, no other descriptors, no new privileges unless run as root. The child changes to the user before
// exec. Throws Error when fork or pipe fails.
[[nodiscard]] RunningCommand spawn_command(const CommandToRun& command);

// A child that has ended and was not waited for yet. Until then its number, which is also its process
// group's, is given to nobody else: so this is the time to signal what is left of the group.
struct EndedChild {
    pid_t pid = -1;
    int wait_status = 0; // as waitpid(2) gives it
};
[[nodiscard]] std::optional<EndedChild> ended_child(); // nothing when there is none now
void wait_for_ended(const EndedChild& child);          // then it is gone

// Signals the process group of a command that was not waited for yet, also before it has made its group;
// nothing when it is gone already. Children that called setsid are not in it: see CommandGroup.
void kill_group(pid_t group, int signal);

} // namespace otk
