#include "sys/privileges.h"

#include "base/promise.h"

#include <cerrno>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace otk {

std::optional<Account> find_account(const std::string& name) {
    std::vector<char> texts(1024);
    for (;;) {
        passwd entry{};
        passwd* found = nullptr;
        const int error = getpwnam_r(name.c_str(), &entry, texts.data(), texts.size(), &found);
        if (error == ERANGE) {
            texts.resize(texts.size() * 2);
            continue;
        }
        if (error == EINTR) continue;
        if (found != nullptr) return Account{entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir};
        // getpwnam(3): several numbers mean no more than "not found".
        if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM)
            return std::nullopt;
        throw system_error("cannot look up user " + name, error);
    }
}

std::vector<gid_t> groups_of(const Account& account) {
    std::vector<gid_t> groups(16);
    for (;;) {
        int count = static_cast<int>(groups.size());
        const bool fits = getgrouplist(account.name.c_str(), account.gid, groups.data(), &count) >= 0;
        // When they do not fit, `count` says how many there are; it grows from call to call at most by what
        // was added.
        const auto wanted = static_cast<std::size_t>(count);
        groups.resize(fits ? wanted : std::max(wanted, groups.size() * 2));
        if (fits) return groups;
    }
}

} // namespace otk
