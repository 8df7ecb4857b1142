// Between fork and exec of a command.
#include "sys/spawn_child.h"

#include "base/promise.h"
#include "sys/descriptor_limit.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace otk {

namespace {

using Step = StartFailure::Step;

FailedStep change_ids(const Ids& user) {
    if (setgroups(user.group_count, user.groups) != 0) return Step::groups;
    if (setresgid(user.gid, user.gid, user.gid) != 0) return Step::gid;
    if (setresuid(user.uid, user.uid, user.uid) != 0) return Step::uid;
    return std::nullopt;
}

} // namespace

Pipe make_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw system_error("cannot make a pipe");
    Pipe pipe{Fd(ends[0]), Fd(ends[1])};
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) throw system_error("cannot make a pipe non-blocking");
    return pipe;
}

pid_t fork_or_throw() {
    const pid_t pid = fork();
    if (pid < 0) throw system_error("cannot start a process");
    return pid;
}

// (The limit of descriptors is inherited, too: see descriptor_limit.h.)
void reset_signals() {
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, nullptr);
    for (int number = 1; number < NSIG; ++number) {
        (void)std::signal(number, SIG_DFL); // fails for SIGKILL, SIGSTOP and those that the C library keeps
    }
}

bool null_becomes(int first, int last) {
    const int null = ::open("/dev/null", O_RDWR);
    bool done = null >= 0;
    for (int fd = first; done && fd <= last; ++fd) {
        done = dup2(null, fd) == fd;
    }
    return done; // the number that open gave is closed with all the others
}

bool arrange_command_descriptors(int output, int start, int further) {
    constexpr int above_all_fixed = command_further_fd + 1;
    const bool have_further = further >= 0;
    output = fcntl(output, F_DUPFD, above_all_fixed);
    start = fcntl(start, F_DUPFD, above_all_fixed);
    further = have_further ? fcntl(further, F_DUPFD, above_all_fixed) : -1;
    const bool moved = output >= 0 && start >= 0 && null_becomes(STDIN_FILENO, STDIN_FILENO) &&
                       dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0 &&
                       dup3(start, command_start_fd, O_CLOEXEC) == command_start_fd;
    if (!moved) return false;
    if (!have_further) return close_range(command_further_fd, ~0U, 0) == 0;
    return further >= 0 && dup3(further, command_further_fd, O_CLOEXEC) == command_further_fd &&
           close_range(above_all_fixed, ~0U, 0) == 0;
}

FailedStep leave_parent() {
    reset_signals();
    give_back_descriptor_limit();
    if (setsid() < 0) return Step::group;
    (void)::umask(S_IWGRP | S_IWOTH);
    if (::chdir("/") != 0) return Step::directory;
    return std::nullopt;
}

std::optional<Ids> ids_of(const std::optional<Account>& account, const std::vector<gid_t>& groups) {
    if (!account) return std::nullopt;
    return Ids{account->uid, account->gid, groups.data(), groups.size()};
}

std::vector<gid_t> groups_for(const CommandToRun& command) {
    if (!command.run_as || !command.groups.empty()) return command.groups;
    return groups_of(*command.run_as);
}

FailedStep become_user(const std::optional<Ids>& user, pid_t parent) {
    if (user) {
        if (const FailedStep failed = change_ids(*user)) return failed;
    }
    // Root's own commands may need set-user-ID programs; to everybody else they would be a way up.
    if (geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Step::limits;
    // Nobody would watch its time limit any more. After the change of user, which forgets it.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return Step::limits;
    if (getppid() != parent) ::_exit(127); // it died before that
    return std::nullopt;
}

void execute_or_tell(FailedStep failed, char* const* argv, char* const* environment) {
    if (!failed) {
        (void)::execve(argv[0], argv, environment);
        failed = Step::exec;
    }
    const StartFailure failure{*failed, errno};
    (void)!::write(command_start_fd, &failure, sizeof failure);
    ::_exit(127);
}

} // namespace otk
