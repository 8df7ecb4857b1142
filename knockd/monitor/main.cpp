// knockd: the monitor (DESIGN 7). Reads the configuration, then checks, reads a capture file, or serves.
#include "base/promise.h"
#include "base/standard_streams.h"
#include "base/text.h"
#include "completion/complete.h"
#include "config/config.h"
#include "knockd/journal.h"
#include "knockd/monitor/abilities.h"
#include "knockd/monitor/check.h"
#include "knockd/monitor/monitor.h"
#include "knockd/monitor/options.h"
#include "knockd/monitor/read.h"
#include "sys/notify.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace otk {

namespace {

int run(const Options& options) {
    Places where = places(options.dir);
    // Before all else, while there is little to fork.
    std::optional<Spares> spares;
    const bool serves = !options.check && options.read.empty() && geteuid() == 0;
    if (serves) spares.emplace(group_names(where.state).of_this_life);
    if (!options.config.empty()) where.config = options.config;
    const auto read_config = [where] { return load_config(where.config); };
    Config config = read_config();

    if (options.check) return check(config, where);
    if (!options.read.empty()) return read_capture_file(config, where, options.read);
    if (!spares) {
        throw Error("serving needs root, to open capture devices and to run commands as other users; "
                    "--check and --read work without");
    }
    must_be_able_to_serve();
    Monitor(std::move(config), where, read_config, *spares).serve();
    return 0;
}

} // namespace

} // namespace otk

int main(int argc, char** argv) {
    otk::hold_standard_streams();
    if (argc > 1 && std::string_view(argv[1]) == "--complete") { // no name here is worth asking for
        return otk::completion::print_candidates(
            otk::command_line(), {argv + 2, argv + argc},
            [](const otk::completion::Wanted&) { return std::vector<otk::completion::Candidate>{}; });
    }
    umask(027); // whatever files come into being: nothing for everybody
    (void)signal(SIGPIPE, SIG_IGN);
    int exit_code = 0;
    try {
        const auto options = otk::parse_options(argc, argv, exit_code);
        if (options) exit_code = otk::run(*options);
    } catch (const std::exception& error) {
        otk::journal("knockd", error.what(), otk::Priority::error);
        otk::notify_service_manager("STATUS=" + otk::printable(error.what()));
        exit_code = 1;
    }
    if (const int fault = otk::flush_output(); fault != 0) {
        otk::journal("knockd", otk::system_error("writing to standard output", fault).what(),
                     otk::Priority::error);
        exit_code = std::max(exit_code, 1);
    }
    return exit_code;
}
