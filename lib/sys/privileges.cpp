#include "sys/privileges.h"

#include "base/promise.h"

#include <cap-ng.h>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace otk {

namespace {

void check(int result, const char* step) {
    if (result != 0) throw system_error(std::string("cannot give up privileges: ") + step);
}

// libcap-ng reports failures in its own numbers; errno is that of the system call below.
void check_capng(int result, const char* step) { check(result == 0 ? 0 : -1, step); }

void refuse_new_power() {
    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges");
    keep_memory_private();
}

// The sets are read back from the kernel; `keep` is what may be left in the permitted and effective set.
void prove_capabilities(const std::vector<int>& keep) {
    promise(capng_get_caps_process() == 0, "the capabilities can be read back");
    if (keep.empty()) {
        promise(capng_have_capabilities(CAPNG_SELECT_CAPS) == CAPNG_NONE, "no capability is effective");
        promise(capng_have_permitted_capabilities() == CAPNG_NONE, "no capability is permitted");
    }
    for (const int capability : keep) {
        const auto number = static_cast<unsigned>(capability);
        promise(capng_have_capability(CAPNG_EFFECTIVE, number) == 1, "a capability to keep was kept");
    }
    for (unsigned long number = 0; prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0; ++number) {
        promise(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, number, 0, 0) != 1, "no capability is ambient");
        promise(capng_have_capability(CAPNG_INHERITABLE, static_cast<unsigned>(number)) == 0,
                "no capability is inheritable");
    }
    promise(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no new privileges can be had");
    promise(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0, "the process is not dumpable");
}

void prove_bounding_set_empty() {
    for (unsigned long number = 0;; ++number) {
        const int held = prctl(PR_CAPBSET_READ, number, 0, 0, 0);
        if (held < 0) return; // past the last capability of this kernel
        promise(held == 0, "the bounding set is empty");
    }
}

void prove_identity(const Account& account, bool confined) {
    uid_t real = 0;
    uid_t effective = 0;
    uid_t saved = 0;
    promise(getresuid(&real, &effective, &saved) == 0, "the user can be read back");
    promise(real == account.uid && effective == account.uid && saved == account.uid,
            "all user ids are the account's");
    gid_t real_group = 0;
    gid_t effective_group = 0;
    gid_t saved_group = 0;
    promise(getresgid(&real_group, &effective_group, &saved_group) == 0, "the group can be read back");
    promise(real_group == account.gid && effective_group == account.gid && saved_group == account.gid,
            "all group ids are the account's");
    promise(getgroups(0, nullptr) == 0, "no supplementary group is left");

    const gid_t root_group = 0;
    promise(setuid(0) == -1, "the user cannot become root again");
    promise(seteuid(0) == -1, "the effective user cannot become root again");
    promise(setgid(0) == -1, "the group cannot become root again");
    promise(setegid(0) == -1, "the effective group cannot become root again");
    promise(setgroups(1, &root_group) == -1, "no group can be taken up again");
    promise(chroot("/") == -1, "the root directory cannot be changed again");
    // A file that only root and its group can read; inside a chroot it must not even be there.
    const int shadow = ::open("/etc/shadow", O_RDONLY | O_CLOEXEC);
    promise(shadow == -1 && (!confined || errno == ENOENT), "root's files are out of reach");
}

// The kernel forgets the parent-death signal when the user changes; a parent that died meanwhile is noticed
// here.
class ParentDeathSignal {
  public:
    ParentDeathSignal() : parent_(getppid()) {
        check(prctl(PR_GET_PDEATHSIG, &signal_, 0, 0, 0), "parent's death");
    }
    void restore() const {
        if (signal_ == 0) return;
        check(prctl(PR_SET_PDEATHSIG, signal_, 0, 0, 0), "parent's death");
        if (getppid() != parent_) (void)::raise(signal_);
    }

  private:
    pid_t parent_;
    int signal_ = 0;
};

void change_identity(const Account& account, const std::vector<int>& keep) {
    check(setgroups(0, nullptr), "supplementary groups");
    check(setresgid(account.gid, account.gid, account.gid), "group");
    if (!keep.empty()) check(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keep capabilities");
    check(setresuid(account.uid, account.uid, account.uid), "user");
    for (const int capability : keep) {
        const auto number = static_cast<unsigned>(capability);
        check_capng(
            capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), number),
            "keep capabilities");
    }
    check_capng(capng_apply(CAPNG_SELECT_CAPS), "capabilities");
    check(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0), "keep capabilities");
}

// libcap-ng remembers the process that it first looked at, which may be the one that forked us.
void forget_all_capabilities() {
    capng_setpid(getpid());
    check_capng(capng_get_caps_process(), "read capabilities");
    capng_clear(CAPNG_SELECT_ALL);
}

} // namespace

void become(const Account& account, const std::optional<std::filesystem::path>& root,
            const std::vector<int>& keep) {
    if (account.uid == 0 || account.gid == 0) {
        throw Error("account " + account.name + " is root or in root's group; name one without any power");
    }
    const ParentDeathSignal parent;
    forget_all_capabilities(); // looks at /proc, so before the chroot
    if (root) {
        if (::chroot(root->c_str()) != 0) throw system_error("cannot confine to directory " + root->string());
        check(::chdir("/"), "change to the new root directory");
    }
    check(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "ambient capabilities");
    check_capng(capng_apply(CAPNG_SELECT_BOUNDS), "bounding set");
    change_identity(account, keep);
    refuse_new_power();
    parent.restore();

    prove_identity(account, root.has_value());
    prove_bounding_set_empty();
    prove_capabilities(keep);
}

void keep_memory_private() {
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    promise(setrlimit(RLIMIT_CORE, &none) == 0, "a limit can always be lowered");
    promise(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, "a process may always become undumpable");
}

void give_up_what_there_is() {
    forget_all_capabilities();
    check(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "ambient capabilities");
    check_capng(capng_apply(CAPNG_SELECT_CAPS), "capabilities");
    refuse_new_power();
    prove_capabilities({});
}

void arrange_descriptors(const std::vector<int>& wanted) {
    constexpr int first = 3;
    const int end = first + static_cast<int>(wanted.size());
    std::vector<int> copies; // all above the fixed numbers, so that none is overwritten before it was moved
    copies.reserve(wanted.size());
    for (const int fd : wanted) {
        copies.push_back(fcntl(fd, F_DUPFD_CLOEXEC, end));
        if (copies.back() < 0) throw system_error("cannot arrange descriptor " + std::to_string(fd));
    }
    int number = first;
    for (const int copy : copies) {
        if (dup2(copy, number) != number)
            throw system_error("cannot arrange descriptor " + std::to_string(number));
        ++number;
    }
    if (close_range(static_cast<unsigned>(end), ~0U, 0) != 0)
        throw system_error("cannot close other descriptors");
}

} // namespace otk
