// Giving up power for good, and proving it (DESIGN 7; STYLE habit 5).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace otk {

struct Account {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
    std::string home;
};
// From the system's user database; nothing when there is no such user. Throws Error when it cannot be read.
[[nodiscard]] std::optional<Account> find_account(const std::string& name);
// A group's number; nothing when there is no such group. Throws likewise.
[[nodiscard]] std::optional<gid_t> find_group(const std::string& name);
// All groups of the account (initgroups' list).
[[nodiscard]] std::vector<gid_t> groups_of(const Account& account);

// Becomes the account for good: optionally confined to a directory (chroot), supplementary groups gone, gid,
// uid, all capabilities and the bounding set dropped, no new privileges, not dumpable, no core file. Then
// proves it: climbing back must fail, the capability sets must be empty. A failed proof aborts. Throws Error
// when a step fails, and when the account is root or in group 0. A parent-death signal that was set
// (spawn_helper) stays set. `keep` capabilities (CAP_* numbers) stay permitted and effective; empty for every
// program that serves strangers. CAP_SETUID, CAP_SETGID, CAP_SYS_CHROOT and the like cannot be kept: with
// them the proof fails.
void become(const Account& account, const std::optional<std::filesystem::path>& root,
            const std::vector<int>& keep = {});

// For programs that hold secrets for a while: no core file, and no debugger of the same user.
void keep_memory_private();

// For programs that run without root: no new privileges, no capabilities, not dumpable, no core file; proved
// likewise.
void give_up_what_there_is();

// Moves descriptors to fixed numbers and closes all others: `wanted[i]` becomes descriptor 3 + i. 0, 1 and 2
// stay. The moved ones are not close-on-exec. Throws Error.
void arrange_descriptors(const std::vector<int>& wanted);

} // namespace otk
