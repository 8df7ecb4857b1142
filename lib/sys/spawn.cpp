#include "sys/spawn.h"

#include "base/promise.h"
#include "sys/descriptor_limit.h"
#include "sys/priority.h"
#include "sys/spawn_child.h"

#include <cerrno>
#include <csignal>
#include <sys/prctl.h>
#include <sys/wait.h>
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
        const std::string line =
            std::string(prefix_of(Priority::error)).append(program.string()).append(": ").append(why) + "\n";
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

// Only ever in the child.
[[noreturn]] void run_command(const CommandToRun& command, const Preparation& ready) {
    if (!arrange_command_descriptors(ready.output, ready.start, -1)) ::_exit(127);
    if (command.group != nullptr) (void)command.group->add(getpid());
    FailedStep failed = leave_parent();
    if (!failed) failed = become_user(ids_of(command.run_as, ready.groups), ready.parent);
    execute_or_tell(failed, ready.argv.data(), ready.environment.data());
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
    using Step = StartFailure::Step;
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
    const Preparation ready{pointers_to(command.argv), pointers_to(command.environment),
                            groups_for(command),       output.write.get(),
                            start.write.get(),         getpid()};
    const pid_t pid = fork_or_throw();
    if (pid == 0) run_command(command, ready);
    return {pid, std::move(output.read), std::move(start.read)};
}

std::optional<EndedChild> ended_child() {
    siginfo_t info{};
    while (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
        if (errno != EINTR) return std::nullopt; // no child at all
    }
    if (info.si_pid == 0) return std::nullopt;
    // waitid(2) has taken apart what waitpid(2) gives in one number.
    const int status = info.si_code == CLD_EXITED
                           ? W_EXITCODE(info.si_status, 0)
                           : W_EXITCODE(0, info.si_status) | (info.si_code == CLD_DUMPED ? WCOREFLAG : 0);
    return EndedChild{info.si_pid, status};
}

void wait_for_ended(const EndedChild& child) {
    while (::waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

void kill_group(pid_t group, int signal) {
    promise(group > 1, "a process group to kill has a number above 1");
    // A child that was forked just now may not have made its group yet; it has nobody else with it then.
    // Else: gone already, or changed to a user that we may not signal, and there is nothing more to do.
    if (::kill(-group, signal) != 0 && errno == ESRCH) (void)::kill(group, signal);
}

} // namespace otk
