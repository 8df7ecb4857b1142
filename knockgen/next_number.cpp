#include "knockgen/next_number.h"

#include "base/fd.h"
#include "base/text.h"
#include "otp/words.h"
#include "sys/file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

#include <fmt/format.h>

namespace otk {
namespace {

constexpr std::size_t largest_file = 4096;

std::filesystem::path file_of(const NamedProfile& profile) {
    return state_folder() / (profile.name + ".next");
}

// While it lives, no other client reads or changes any state of this user. A file of its own, because the
// state files are replaced, and a lock on a file that was replaced locks nobody out.
class Lock {
  public:
    explicit Lock(const std::filesystem::path& folder) :
        fd_(open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
        if (!fd_) throw system_error(fmt::format("cannot open {}", printable((folder / "lock").string())));
        struct flock whole_file {};
        whole_file.l_type = F_WRLCK;
        while (fcntl(fd_.get(), F_OFD_SETLKW, &whole_file) != 0) {
            if (errno != EINTR)
                throw system_error(fmt::format("cannot lock {}", printable((folder / "lock").string())));
        }
    }

  private:
    Fd fd_;
};

struct Lines {
    std::string_view seed;
    std::string_view next;
    std::string_view check_word;
};

// Nothing for what knockgen does not write.
std::optional<Lines> read_lines(std::string_view content) {
    Lines lines;
    for (const std::string_view line : split(content, '\n')) {
        const std::size_t blank = std::min(line.find(' '), line.size());
        const std::string_view key = line.substr(0, blank);
        const std::string_view value = line.substr(std::min(blank + 1, line.size()));
        if (key.empty() || key.front() == '#') continue;
        if (key == "seed")
            lines.seed = value;
        else if (key == "next")
            lines.next = value;
        else if (key == "check")
            lines.check_word = value;
        else
            return std::nullopt;
    }
    if (lines.seed.empty() || lines.next.empty()) return std::nullopt;
    if (!lines.check_word.empty() && !dictionary_index(lines.check_word)) return std::nullopt;
    return lines;
}

std::string content_of(const NamedProfile& profile, const ChainState& state) {
    std::string content = "# Which knock of this chain is the next. Written by knockgen alone.\n";
    content += fmt::format("seed {}\nnext {}\n", profile.profile.seed, state.next);
    if (!state.check_word.empty()) content += fmt::format("check {}\n", state.check_word);
    return content;
}

void write_state(const NamedProfile& profile, const ChainState& state) {
    const std::filesystem::path file = file_of(profile);
    remove_leftovers(file); // of clients that were killed; the lock is ours
    replace_file(file, content_of(profile, state), 0600, true);
}

Taken choose(const NamedProfile& profile, const ChainState& state, std::optional<Count> chosen) {
    const Count length = profile.profile.length;
    if (chosen && (*chosen == 0 || *chosen >= length)) {
        throw Error(
            fmt::format("--number {} is not in this chain, whose knocks are {} to 1", *chosen, length - 1));
    }
    const Count number = chosen.value_or(state.next);
    if (number == 0) {
        throw Error(fmt::format(
            "no knock of profile {} is left: make a new token (knockgen token) and give it to your "
            "administrator, who runs knockmgr grant renew and gives you a new line for knockgen profile add "
            "{} --replace",
            profile.name, profile.name));
    }
    return {number, std::min(state.next, number - 1)};
}

Taken take(const NamedProfile& profile, std::optional<Count> chosen, const std::string& check_word) {
    const std::filesystem::path folder = state_folder();
    make_folder(folder);
    const Lock lock(folder);
    ChainState state = read_state(profile);
    const Taken taken = choose(profile, state, chosen);
    // The same number again changes nothing, so a full disk does not keep anybody from repeating one.
    if (!state.used || taken.left != state.next || check_word != state.check_word) {
        state.next = taken.left;
        state.check_word = check_word;
        write_state(profile, state);
    }
    return taken;
}

} // namespace

ChainState read_state(const NamedProfile& profile) {
    const std::filesystem::path file = file_of(profile);
    ChainState beginning{profile.profile.length - 1, false, {}};
    const auto content = read_file(file, largest_file);
    if (!content) return beginning;
    const auto lines = read_lines(*content);
    const auto next = lines ? parse_decimal(lines->next, longest_chain) : std::nullopt;
    if (!next) {
        throw Error(
            fmt::format("{} is not what knockgen writes there; remove it, and say with --number which "
                        "knock is the next",
                        printable(file.string())));
    }
    if (lines->seed != profile.profile.seed) return beginning;
    return {std::min(static_cast<Count>(*next), profile.profile.length - 1), true,
            std::string(lines->check_word)};
}

Taken take_number(const NamedProfile& profile, std::optional<Count> chosen, const std::string& check_word) {
    try {
        return take(profile, chosen, check_word);
    } catch (const Error& error) {
        throw Error(fmt::format("{}; nothing was sent", error.what()));
    }
}

Taken number_to_take(const NamedProfile& profile, std::optional<Count> chosen) {
    return choose(profile, read_state(profile), chosen);
}

void forget_check_word(const NamedProfile& profile) {
    const std::filesystem::path folder = state_folder();
    if (!std::filesystem::is_directory(folder)) return;
    const Lock lock(folder);
    ChainState state = read_state(profile);
    if (state.check_word.empty()) return;
    state.check_word.clear();
    write_state(profile, state);
}

} // namespace otk
