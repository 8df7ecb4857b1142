#include "sys/spawn.h"

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

// The form that exec wants; the pointers live as long as the texts.
std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (const std::string& text : texts) {
        pointers.push_back(const_cast<char*>(text.c_str()));
    }
    pointers.push_back(nullptr);
    return pointers;
}

// The monitor blocks signals to read them from a descriptor, and exec inherits both the mask and what is
// ignored. (Its limit of descriptors is inherited, too: see descriptor_limit.h.)
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

struct Pipe {
    Fd read;
    Fd write;
};

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

// Only ever in the child.
void die_with(pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        throw system_error("cannot ask for the parent's death");
    if (getppid() != parent) ::_exit(127); // it died before that
}

// Likewise. `parent`: with whom it dies, if it does.
[[noreturn]] void run_helper(const std::filesystem::path& program, const std::vector<char*>& argv,
                             const std::vector<int>& descriptors, std::optional<pid_t> parent) {
    const auto give_up = [&](std::string_view why) {
        const std::string line = program.string() + ": " + std::string(why) + "\n";
        (void)!::write(STDERR_FILENO, line.data(), line.size());
        ::_exit(127);
    };
    try {
        reset_signals();
        give_back_descriptor_limit();
        if (parent) die_with(*parent);
        if (setpgid(0, 0) != 0) throw system_error("cannot make a process group");
        if (!null_becomes(STDIN_FILENO, STDOUT_FILENO)) throw system_error("cannot open /dev/null");
        arrange_descriptors(descriptors);
        (void)::execv(program.c_str(), argv.data());
        throw system_error("cannot start");
    } catch (const std::exception& error) {
        give_up(error.what());
    }
    ::_exit(127);
}

// What a child of spawn_command needs, all made ready before the fork.
struct Preparation {
    std::vector<char*> argv;
    std::vector<char*> environment;
    std::vector<gid_t> groups;
    int output;
    int start;
    pid_t parent;
};

using Step = StartFailure::Step;

// The step that failed, with errno set; none when all went well.
std::optional<Step> change_user(const Account& account, const std::vector<gid_t>& groups) {
    if (setgroups(groups.size(), groups.data()) != 0) return Step::groups;
    if (setresgid(account.gid, account.gid, account.gid) != 0) return Step::gid;
    if (setresuid(account.uid, account.uid, account.uid) != 0) return Step::uid;
    return std::nullopt;
}

// Output becomes 1 and 2, the start pipe 3 (closed by exec); nothing else is left.
bool arrange_command_descriptors(int output, int start) {
    constexpr int above_all_fixed = 4;
    output = fcntl(output, F_DUPFD, above_all_fixed);
    start = fcntl(start, F_DUPFD, above_all_fixed);
    return output >= 0 && start >= 0 && null_becomes(STDIN_FILENO, STDIN_FILENO) &&
           dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0 &&
           dup3(start, 3, O_CLOEXEC) == 3 && close_range(above_all_fixed, ~0U, 0) == 0;
}

std::optional<Step> prepare_child(const CommandToRun& command, const Preparation& ready) {
    if (command.group != nullptr) (void)command.group->add(getpid());
    reset_signals();
    give_back_descriptor_limit();
    if (setsid() < 0) return Step::group;
    (void)::umask(S_IWGRP | S_IWOTH);
    if (::chdir("/") != 0) return Step::directory;
    if (command.run_as) {
        if (const auto failed = change_user(*command.run_as, ready.groups)) return failed;
    }
    // Root's own commands may need set-user-ID programs; to everybody else they would be a way up.
    if (geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Step::limits;
    // Nobody would watch its time limit any more. After the change of user, which forgets it.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return Step::limits;
    if (getppid() != ready.parent) ::_exit(127); // it died before that
    return std::nullopt;
}

// Only ever in the child.
[[noreturn]] void run_command(const CommandToRun& command, const Preparation& ready) {
    constexpr int start = 3;
    std::optional<Step> failed;
    if (!arrange_command_descriptors(ready.output, ready.start)) {
        ::_exit(127); // without its descriptor the failure has no other way out
    }
    failed = prepare_child(command, ready);
    if (!failed) {
        (void)::execve(ready.argv.front(), ready.argv.data(), ready.environment.data());
        failed = Step::exec;
    }
    const StartFailure failure{*failed, errno};
    (void)!::write(start, &failure, sizeof failure);
    ::_exit(127);
}

} // namespace

pid_t spawn_helper(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                   const std::vector<int>& descriptors, OrphanedHelper orphaned) {
    std::vector<std::string> words{program.string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const std::vector<char*> argv = pointers_to(words);
    const std::optional<pid_t> parent =
        orphaned == OrphanedHelper::is_killed ? std::optional(getpid()) : std::nullopt;
    const pid_t pid = fork_or_throw();
    if (pid == 0) run_helper(program, argv, descriptors, parent);
    return pid;
}

std::string_view name_of(StartFailure::Step step) {
    switch (step) {
    case Step::group: return "make a session";
    case Step::groups: return "take the user's groups";
    case Step::gid: return "become the user's group";
    case Step::uid: return "become the user";
    case Step::limits: return "refuse new privileges";
    case Step::directory: return "change to directory /";
    case Step::exec: return "execute the program";
    }
    promise(false, "a step of starting a command has a name");
    return {};
}

RunningCommand spawn_command(const CommandToRun& command) {
    promise(!command.argv.empty() && command.argv.front().starts_with('/'), "a command has an absolute path");
    Pipe output = make_pipe();
    Pipe start = make_pipe();
    // The groups are looked up here: the child must not wait for a directory service.
    const Preparation ready{pointers_to(command.argv),
                            pointers_to(command.environment),
                            command.run_as ? groups_of(*command.run_as) : std::vector<gid_t>{},
                            output.write.get(),
                            start.write.get(),
                            getpid()};
    const pid_t pid = fork_or_throw();
    if (pid == 0) run_command(command, ready);
    return {pid, std::move(output.read), std::move(start.read)};
}

void kill_group(pid_t group, int signal) {
    promise(group > 1, "a process group to kill has a number above 1");
    // A child that was forked just now may not have made its group yet; it has nobody else with it then.
    // Else: gone already, or changed to a user that we may not signal, and there is nothing more to do.
    if (::kill(-group, signal) != 0 && errno == ESRCH) (void)::kill(group, signal);
}

} // namespace otk
