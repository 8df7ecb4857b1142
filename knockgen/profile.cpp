// knockgen profile: what is known about each right that an administrator gave.
#include "knockgen/profiles.h"

#include "base/standard_streams.h"
#include "base/text.h"
#include "knockgen/commands.h"
#include "knockgen/destination.h"
#include "knockgen/next_number.h"
#include "knockgen/output.h"
#include "knockgen/profile_change.h"
#include "knockgen/profile_text.h"
#include "otp/token.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace otk {
namespace {

constexpr std::size_t longest_profile = 4096; // bytes, many times what a profile takes

void print(const std::string& text) {
    Output output;
    output.add(text);
    output.finish();
}

std::string line_of_standard_input() {
    std::string text(longest_profile + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t got = read(STDIN_FILENO, text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw system_error("cannot read the profile from standard input");
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    text.resize(size);
    return text;
}

void add(const Arguments& arguments) {
    const auto& words = arguments.operands();
    if (words.size() != 3)
        throw UsageError(
            "say profile add NAME 'otk1-profile ...', the line in quotes, or - for standard input");
    check_profile_name(words[1]);
    auto profile = parse_profile(words[2] == "-" ? line_of_standard_input() : words[2]);
    if (!profile) throw Error(fmt::format("this is no profile: {}", profile.reason()));
    const NamedProfile named{words[1], std::move(profile).take()};
    check_host(named.profile.host);
    if (!arguments.has("replace")) refuse_taken_name(named.name);
    check_meant(named, arguments);
    save_profile(named, arguments.has("replace"));

    const ChainState state = read_state(named);
    tell_done(fmt::format(
        "profile {0} is there: {1} at {2}, {3} knocks left\ncheck words of the line: {4}\n"
        "compare them by voice with those that your administrator's knockmgr printed beside it: knockgen\n"
        "profile show {0} tells them again\nknock with: knockgen send {0}\n",
        named.name, printable(named.profile.command), printable(named.profile.host), state.next,
        check_words_of(format_profile(named.profile))));
}

void list(const Arguments& arguments) {
    if (arguments.operands().size() != 1) throw UsageError("profile list takes no more words");
    const std::vector<NamedProfile> profiles = all_profiles();
    if (arguments.has("json")) {
        auto array = nlohmann::ordered_json::array();
        for (const NamedProfile& each : profiles)
            array.push_back(json_of(each, read_state(each)));
        return print(array.dump(2) + '\n');
    }
    if (profiles.empty())
        tell("knockgen: there are no profiles yet; knockgen profile --help says where they come "
             "from\n");
    print(table_of(profiles));
}

void show(const Arguments& arguments) {
    const auto& words = arguments.operands();
    if (words.size() != 2) throw UsageError("say profile show NAME");
    const NamedProfile profile = find_profile(words[1]);
    if (arguments.has("json")) return print(json_of(profile, read_state(profile)).dump(2) + '\n');
    print(description_of(profile, read_state(profile)));
}

void set(const Arguments& arguments) {
    const auto& words = arguments.operands();
    const auto next = arguments.number("next", 1, longest_chain - 1);
    if (words.size() != 2 || !next) throw UsageError("say profile set NAME --next N");
    const NamedProfile profile = find_profile(words[1]);
    const Count before = set_next_number(profile, *next, {arguments.has("reuse"), arguments.has("skip")});
    tell_done(fmt::format("the next knock of profile {} is {}; it was {}\n", profile.name, *next,
                          before == 0 ? "none" : std::to_string(before)));
}

void remove(const Arguments& arguments) {
    const auto& words = arguments.operands();
    if (words.size() != 2) throw UsageError("say profile remove NAME");
    check_profile_name(words[1]);
    remove_profile(words[1]);
    tell_done(
        fmt::format("profile {} is removed; which knock of its chain is the next is kept in {}, should you "
                    "add it again\n",
                    words[1], printable(state_folder().string())));
}

} // namespace

void run_profile(const Arguments& arguments) {
    struct Action {
        std::string_view name;
        void (*run)(const Arguments&);
    };
    constexpr std::array actions{Action{"add", add}, Action{"list", list}, Action{"show", show},
                                 Action{"set", set}, Action{"remove", remove}};
    const std::string wanted = arguments.operands().empty() ? "" : arguments.operands().front();
    const bool adds = arguments.has("replace") || arguments.has("yes") || arguments.has("downgrade");
    if (wanted != "add" && adds)
        throw UsageError("--replace, --yes and --downgrade go with profile add NAME LINE");
    const bool sets = arguments.has("next") || arguments.has("reuse") || arguments.has("skip");
    if (wanted != "set" && sets) throw UsageError("--next, --reuse and --skip go with profile set NAME");
    for (const Action& action : actions) {
        if (action.name == wanted) return action.run(arguments);
    }
    throw UsageError("say profile add, list, show, set or remove");
}

} // namespace otk
