// knockgen: the user's tool. Makes knocks from a passphrase or a key file, and sends them.
#include "knockgen/commands.h"
#include "knockgen/complete.h"
#include "knockgen/output.h"

#include "base/standard_streams.h"
#include "base/suggest.h"
#include "base/text.h"
#include "base/version.h"
#include "sys/privileges.h"
#include "sys/raw_capability.h"

#include <algorithm>
#include <csignal>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {
namespace {

enum Exit { done = 0, failed = 1, wrong_usage = 2 };

// It reads and writes files of whoever calls it: with another user's rights that would be for anybody.
void refuse_to_run_for_others() {
    if (geteuid() == getuid() && getegid() == getgid()) return;
    throw Error("this program must not be set-user-ID or set-group-ID: chmod ug-s on it; for pings and for "
                "knockgen dynamic, setcap cap_net_raw+ep on it is enough");
}

void print(std::string_view text) {
    Output output;
    output.add(text);
    output.finish();
}

const Subcommand& subcommand_named(std::string_view name) {
    const auto& all = subcommands();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Subcommand& each) { return each.name == name; });
    if (found == all.end()) {
        std::vector<std::string_view> names;
        for (const Subcommand& each : all)
            names.push_back(each.name);
        const std::string_view likely = nearest(name, names);
        throw UsageError(fmt::format("\"{}\" is no subcommand; {}knockgen --help lists what there is",
                                     printable(name),
                                     likely.empty() ? "" : fmt::format("did you mean {}? ", likely)));
    }
    return *found;
}

void run(std::span<char* const> words) {
    if (words.empty()) throw UsageError("say what to make; knockgen --help lists what there is");
    const std::string_view first = words.front();
    if (first == "--help" || first == "-h") return print(help_for_all(subcommands()));
    if (first == "--complete") {
        drop_raw_capability();
        return print_completion({words.begin() + 1, words.end()});
    }
    if (first == "--version") return print(fmt::format("knockgen {}\n", release_version));

    const Subcommand& subcommand = subcommand_named(first);
    try {
        const Arguments arguments = Arguments::parse(subcommand, words.subspan(1));
        if (arguments.has("help")) return print(help_for(subcommand));
        if (!subcommand.keeps_capabilities) drop_raw_capability();
        subcommand.run(arguments);
    } catch (const UsageError& error) {
        throw UsageError(fmt::format("{}: {}\nknockgen {} --help explains it", first, error.what(), first));
    } catch (const Error& error) {
        throw Error(fmt::format("{}: {}", first, error.what()));
    }
}

int report(const std::exception& error, Exit code) {
    tell("knockgen: {}\n", error.what());
    return code;
}

} // namespace
} // namespace otk

int main(int argc, char** argv) {
    using namespace otk;
    hold_standard_streams();
    keep_memory_private();               // passphrases and unspent knocks
    (void)std::signal(SIGPIPE, SIG_IGN); // a reader that went away is an error like a full disk
    try {
        refuse_to_run_for_others();
        run(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
        return done;
    } catch (const UsageError& error) {
        return report(error, wrong_usage);
    } catch (const std::exception& error) {
        return report(error, failed);
    }
}
