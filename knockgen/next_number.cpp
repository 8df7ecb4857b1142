#include "knockgen/next_number.h"

#include "base/fd.h"
#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

#include <fmt/format.h>

namespace otk {
namespace {

// How many numbers a server looks ahead, unless its administrator changed [accept] window.
constexpr Count usual_window = 10;

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

void check_in_chain(const NamedProfile& profile, std::string_view option, Count number) {
    const Count first = profile.profile.length - 1;
    if (number == 0 || number > first) {
        throw Error(
            fmt::format("--{} {} is not in this chain, whose knocks are {} to 1", option, number, first));
    }
}

// The server stands at next + 1 when everything arrived, and looks for `usual_window` numbers below.
bool is_too_far(Count number, Count next) { return number + usual_window <= next; }

Error too_far(std::string_view option, Count number, Count next, std::string_view what_to_do) {
    return Error(fmt::format(
        "--{0} {1} passes over {2} knocks, {3} to {4}. A server that did not take some of them in between "
        "looks for the next {5} only, and hears neither this one nor any after it. {6}",
        option, number, next - number, next, number + 1, usual_window, what_to_do));
}

Error too_far_to_send(const NamedProfile& profile, Count number, Count next) {
    const std::string what_to_do =
        fmt::format("Where a sheet or another machine has used them, say --skip, too; else take the next "
                    "number, or ask your administrator which one the server waits for (knockmgr grant show "
                    "USER {})",
                    profile.profile.command);
    return too_far("number", number, next, what_to_do);
}

Error too_far_to_go_on(const NamedProfile& profile, Count number, Count next) {
    const std::string what_to_do =
        fmt::format("Where a sheet or another machine has used them, or the server waits for this one (your "
                    "administrator sees which: knockmgr grant show USER {}), say --skip, too. Nothing was "
                    "changed",
                    profile.profile.command);
    return too_far("next", number, next, what_to_do);
}

Taken choose(const NamedProfile& profile, const ChainState& state, const Wanted& wanted) {
    if (wanted.number) check_in_chain(profile, "number", *wanted.number);
    const Count number = wanted.number.value_or(state.next);
    if (number == 0) {
        throw Error(fmt::format(
            "no knock of profile {} is left: make a new token (knockgen token) and give it to your "
            "administrator, who runs knockmgr grant renew and gives you a new line for knockgen profile add "
            "{} --replace",
            profile.name, profile.name));
    }
    if (!wanted.skip && is_too_far(number, state.next)) throw too_far_to_send(profile, number, state.next);
    return {number, std::min(state.next, number - 1)};
}

Error has_left(const NamedProfile& profile, Count next, Count lowest_sent) {
    const std::string_view what_it_means =
        profile.profile.plain
            ? "This right takes plain knocks: whoever caught one uses those above it in your place. Better "
              "have the server moved to yours (knockmgr grant resync), or say --reuse, too"
            : "That is worth nothing where signed ones only are taken, as here: to use them again, say "
              "--reuse, too";
    return Error(
        fmt::format("knock {} of profile {} has left this machine, and whoever saw it can compute {} "
                    "and all others above it. {}. Nothing was changed",
                    lowest_sent, profile.name, next, what_it_means));
}

// Runs `change` on the state of the profile's chain under the lock, and writes down what it made of it where
// that is something new.
template <typename Change>
auto change_state(const NamedProfile& profile, Change change) {
    const std::filesystem::path folder = state_folder();
    make_folder(folder);
    const Lock lock(folder);
    const ChainState before = read_state(profile);
    ChainState state = before;
    const auto result = change(state);
    // The same number again changes nothing, so a full disk does not keep anybody from repeating one.
    if (!(state == before)) write_state(profile, before, state);
    return result;
}

} // namespace

Wanted wanted_knock(const Arguments& arguments) {
    const Wanted wanted{arguments.number("number", 1, longest_chain - 1), arguments.has("skip")};
    if (wanted.skip && !wanted.number)
        throw UsageError("--skip goes with --number N, the knock to go on with");
    return wanted;
}

Taken take_number(const NamedProfile& profile, const Wanted& wanted, const std::string& key_file) {
    try {
        return change_state(profile, [&](ChainState& state) {
            const Taken taken = choose(profile, state, wanted);
            state.next = taken.left;
            state.lowest_sent = std::min(state.lowest_sent, taken.number);
            state.key_file = key_file;
            return taken;
        });
    } catch (const Error& error) {
        throw Error(fmt::format("{}; nothing was sent", error.what()));
    }
}

Taken number_to_take(const NamedProfile& profile, const Wanted& wanted) {
    return choose(profile, read_state(profile), wanted);
}

Count set_next_number(const NamedProfile& profile, Count next, const Meant& meant) {
    check_in_chain(profile, "next", next);
    return change_state(profile, [&](ChainState& state) {
        if (!meant.skip && is_too_far(next, state.next)) throw too_far_to_go_on(profile, next, state.next);
        if (!meant.reuse && next >= state.lowest_sent) throw has_left(profile, next, state.lowest_sent);
        const Count before = state.next;
        state.next = next;
        return before;
    });
}

std::string when_numbers_differ(const NamedProfile& profile, Count number) {
    return fmt::format("should no other knock of profile {0} be heard, too, the server may wait for another "
                       "number than {1}: your administrator sees which (knockmgr grant show USER {2}), and "
                       "knockgen profile set {0} --next N "
                       "goes on there",
                       profile.name, number, profile.profile.command);
}

} // namespace otk
