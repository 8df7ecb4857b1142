#include "sys/privileges.h"

#include "base/promise.h"

#include <cerrno>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace otk {

namespace {

// With ever more room for the texts, until they fit; `taken` copies what is wanted of them.
template <typename Entry, typename Taken>
std::optional<Taken> look_up(int (*ask)(const char*, Entry*, char*, std::size_t, Entry**),
                             Taken (*taken)(const Entry&), std::string_view kind, const std::string& name) {
    std::vector<char> texts(1024);
    for (;;) {
        Entry entry{};
        Entry* found = nullptr;
        const int error = ask(name.c_str(), &entry, texts.data(), texts.size(), &found);
        if (error == ERANGE) {
            texts.resize(texts.size() * 2);
            continue;
        }
        if (error == EINTR) continue;
        if (found != nullptr) return taken(entry);
        // getpwnam(3): several numbers mean no more than "not found".
        if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM)
            return std::nullopt;
        throw system_error(std::string("cannot look up ").append(kind).append(" ").append(name), error);
    }
}

Account account_of(const passwd& entry) { return {entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir}; }
gid_t number_of(const group& entry) { return entry.gr_gid; }

} // namespace

std::optional<Account> find_account(const std::string& name) {
    return look_up<passwd>(getpwnam_r, account_of, "user", name);
}

std::optional<gid_t> find_group(const std::string& name) {
    return look_up<group>(getgrnam_r, number_of, "group", name);
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
