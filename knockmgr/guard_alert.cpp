// knockmgr guard alert: the alert guard-lost of a boot at which otk-guard.service failed, where no knockd
// tells it.
#include "base/text.h"
#include "config/alert_words.h"
#include "firewall/ruleset.h"
#include "firewall/watch.h"
#include "knockmgr/daemon.h"
#include "knockmgr/guard_boot.h"
#include "knockmgr/guard_record.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"
#include "sys/spawn.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <poll.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

constexpr std::chrono::seconds alert_limit{30}; // as for knockd's own alerts (knockd/monitor/alerts.cpp)

// By what knockd accepted last; otk.toml may be what is wrong.
GuardRecord::OfConfig whom_to_tell(const Places& where) {
    const auto noted = noted_by_knockd(where);
    return noted ? noted->config : guard_half_of(load_config(where.config));
}

// In words, and whether it stands as far as the kernel tells.
std::string state_of_guard(bool& stands) {
    stands = false;
    try {
        RulesetWatch watch;
        stands = watch.table(guard_table).handle != 0;
        if (!stands) return "there is none, so its ports are open";
        return fmt::format("it stands, with {}", ports_text({watch.guarded().services}));
    } catch (const Error& fault) {
        return fmt::format("the kernel does not tell whether it stands: {}", fault.what());
    }
}

using Steady = std::chrono::steady_clock;

// Reads on until every holder of the output has closed it, and drops what is read. False: the time is over.
bool closes_output(const RunningCommand& running, Steady::time_point end) {
    std::array<char, 4096> dropped{};
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Steady::now());
        if (left.count() <= 0) return false;
        pollfd waiting{running.output.get(), POLLIN, 0};
        if (poll(&waiting, 1, static_cast<int>(left.count())) <= 0) continue;
        const ssize_t got = read(running.output.get(), dropped.data(), dropped.size());
        if (got == 0) return true;
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            throw system_error("reading what the alert's program says");
    }
}

// Who has closed its output may still go on. False: the time is over.
bool ends_in_time(pid_t pid, Steady::time_point end, int& status) {
    constexpr std::chrono::milliseconds between_looks{20};
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (Steady::now() >= end) return false;
        std::this_thread::sleep_for(between_looks);
    }
    return true;
}

void run_alert(const GuardRecord::OfConfig& config, const std::string& text) {
    const std::array<std::string, alert_tokens.size()> values{"guard-lost", "", "", "", "", "", text, "0"};
    CommandToRun command{expand(config.alert, alert_tokens, values), environment(alert_tokens, values),
                         std::nullopt};
    if (is_root()) {
        command.run_as = find_account(config.alert_as);
        if (!command.run_as)
            throw Error(fmt::format("there is no user {} ([alerts] run_as)", config.alert_as));
    }
    const RunningCommand running = spawn_command(command);
    const auto end = Steady::now() + alert_limit;
    int status = 0;
    const std::string& program = config.alert.front();
    if (!closes_output(running, end) || !ends_in_time(running.pid, end, status)) {
        kill_group(running.pid, SIGKILL);
        (void)waitpid(running.pid, nullptr, 0);
        throw Error(fmt::format("{} did not end within {} s", program, alert_limit.count()));
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        throw Error(fmt::format("{} could not be started, or failed", program));
}

int guard_alert(const Invocation& invocation) {
    const Places where = invocation.where();
    bool stands = false;
    const std::string state = state_of_guard(stands);
    if (stands && ask_daemon(where).running)
        return report("knockd runs, keeps the guard and tells what was\n");
    const GuardRecord::OfConfig config = whom_to_tell(where);
    if (config.alert.empty()) return report("[alerts] names no program for guard-lost: nobody is told\n");
    run_alert(
        config,
        fmt::format("otk-guard.service failed, and the guard is not as it was decided: {}; `systemctl status "
                    "otk-guard` says why",
                    state));
    return report(fmt::format("told by {}\n", config.alert.front()));
}

constexpr std::string_view alert_help =
    "Runs the program of [alerts] for guard-lost, as knockd accepted it last, unless a running knockd\n"
    "keeps the guard. For otk-guard-alert.service, which systemd starts when otk-guard.service failed.\n"
    "\n"
    "example:\n"
    "  knockmgr guard alert\n";

} // namespace

Subcommand guard_alert_subcommand() {
    return {"guard alert", "", 0,          0, false, "tell that the guard was not armed at boot",
            alert_help,    {}, guard_alert};
}

} // namespace otk::knockmgr
