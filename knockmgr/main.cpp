// knockmgr: the administrator's tool (DESIGN 12).
#include "base/standard_streams.h"
#include "base/suggest.h"
#include "base/text.h"
#include "base/version.h"
#include "knockmgr/complete.h"
#include "knockmgr/families.h"
#include "knockmgr/help.h"
#include "knockmgr/output.h"
#include "sys/priority.h"
#include "sys/privileges.h"

#include <algorithm>
#include <csignal>
#include <exception>

#include <fmt/format.h>

namespace otk::knockmgr {

const std::vector<Subcommand>& all_subcommands() {
    static const std::vector<Subcommand> all = [] {
        std::vector<Subcommand> rows;
        for (const auto& family :
             {init_subcommands, user_subcommands, command_subcommands, grant_subcommands, key_subcommands,
              log_subcommands, explain_subcommands, watch_subcommands, doors_subcommands, guard_subcommands,
              status_subcommands, restore_subcommands}) {
            std::vector<Subcommand> more = family();
            std::move(more.begin(), more.end(), std::back_inserter(rows));
        }
        return rows;
    }();
    return all;
}

namespace {

// The subcommand the words begin with, and how many words name it; nothing when they name none. Two words go
// before one: `doors close` is not `doors`.
struct Match {
    const Subcommand* subcommand = nullptr;
    std::size_t words = 0;
};

Match find_subcommand(std::span<const std::string> words) {
    for (std::size_t count = std::min<std::size_t>(words.size(), 2); count > 0; --count) {
        const std::string name = count == 2 ? words[0] + " " + words[1] : words[0];
        for (const Subcommand& subcommand : all_subcommands()) {
            if (subcommand.name == name) return {&subcommand, count};
        }
    }
    return {};
}

[[noreturn]] void refuse_unknown(std::span<const std::string> words) {
    const std::string family = help_for_family(words[0]);
    const bool half = !family.empty();
    if (half && words.size() == 1) {
        throw UsageError(fmt::format("{} needs a second word:\n{}", words[0], family));
    }
    const std::string typed = half ? words[0] + " " + words[1] : words[0];
    std::vector<std::string_view> names;
    for (const Subcommand& subcommand : all_subcommands()) {
        names.push_back(half ? subcommand.name : subcommand.name.substr(0, subcommand.name.find(' ')));
    }
    const std::string_view likely = nearest(typed, names);
    throw UsageError(fmt::format("there is no subcommand '{}'; {}", printable(typed),
                                 likely.empty() ? "`knockmgr --help` lists them"
                                                : fmt::format("did you mean '{}'?", likely)));
}

// `--dir DIR` may stand before the subcommand, too: then it is moved behind it.
void move_leading_options(std::vector<std::string>& words) {
    std::size_t count = 0;
    while (count < words.size() && words[count].rfind("--dir", 0) == 0) {
        count += words[count] == "--dir" ? std::size_t{2} : std::size_t{1};
    }
    if (count >= words.size()) return;
    const auto first = words.begin();
    const auto after_name = find_subcommand(std::span(words).subspan(count)).words;
    std::rotate(first, first + static_cast<std::ptrdiff_t>(count),
                first + static_cast<std::ptrdiff_t>(count + after_name));
}

int run(std::vector<std::string> words) {
    if (!words.empty() && words[0] == "--complete") return print_completion({words.begin() + 1, words.end()});
    move_leading_options(words);
    if (words.empty()) throw UsageError("tell me what to do; `knockmgr --help` lists the subcommands");
    if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") return print(general_help());
    if (words[0] == "--version") return print(fmt::format("knockmgr (otk) {}\n", release_version));
    const Match match = find_subcommand(words);
    if (match.subcommand == nullptr && words.size() == 2 && (words[1] == "--help" || words[1] == "-h")) {
        if (const std::string family = help_for_family(words[0]); !family.empty()) return print(family);
    }
    if (match.subcommand == nullptr) refuse_unknown(words);
    const Subcommand& subcommand = *match.subcommand;
    try {
        const Invocation invocation =
            parse(subcommand, std::span<const std::string>(words).subspan(match.words));
        if (invocation.has("help")) return print(help_for(subcommand));
        return subcommand.run(invocation);
    } catch (const UsageError& fault) {
        throw UsageError(fmt::format("{}\nusage: {}\n`knockmgr {} --help` has examples", fault.what(),
                                     usage_of(subcommand), subcommand.name));
    }
}

} // namespace
} // namespace otk::knockmgr

int main(int argc, char** argv) {
    using namespace otk;
    hold_standard_streams();
    keep_memory_private();               // knocks that were generated, keys of the server
    (void)std::signal(SIGPIPE, SIG_IGN); // a reader that leaves must not cut a change in two
    try {
        const int code = knockmgr::run({argv + std::min(argc, 1), argv + argc});
        knockmgr::finish_output();
        return code;
    } catch (const knockmgr::UsageError& fault) {
        (void)flush_output(); // what came before the refusal
        tell("{}knockmgr: {}\n", prefix_of(Priority::error), fault.what());
        return 2;
    } catch (const knockmgr::ReaderLeft&) {
        (void)std::signal(SIGPIPE, SIG_DFL);
        (void)std::raise(SIGPIPE);
        return 1; // the signal is blocked
    } catch (const std::exception& fault) {
        (void)flush_output();
        tell("{}knockmgr: {}\n", prefix_of(Priority::error), fault.what());
        return 1;
    }
}
