#include "knockmgr/as_ledger_owner.h"

#include "base/clock.h"
#include "base/standard_streams.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"

#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

using Take = std::function<void(std::string_view)>;

constexpr int forever = -1;             // as poll has it
constexpr int between_meanwhiles = 100; // milliseconds

// Everything but tabs and line ends that a terminal would obey becomes a question mark: the control
// characters of ASCII, and those that UTF-8 writes as C2 80 to C2 9F, of which the second half goes.
class Tame {
  public:
    std::string operator()(std::string_view text) {
        std::string tamed(text);
        for (char& c : tamed) {
            const auto byte = static_cast<std::uint8_t>(c);
            const bool ascii = (byte < ' ' && c != '\n' && c != '\t') || byte == 0x7f;
            if (ascii || (after_c2_ && byte >= 0x80 && byte < 0xa0)) c = '?';
            after_c2_ = byte == 0xc2;
        }
        return tamed;
    }

  private:
    bool after_c2_ = false; // also across the pieces in which a text comes
};

void tell_tamed(std::string_view text) { tell_text(Tame()(text)); }

// What is there; closes at the end of file.
void pass_on(Fd& from, const Take& take) {
    std::array<char, 65536> room{};
    const ssize_t got = ::read(from.get(), room.data(), room.size());
    if (got < 0 && errno == EINTR) return;
    if (got < 0) throw system_error("reading from a pipe");
    if (got == 0) return from.close();
    take({room.data(), static_cast<std::size_t>(got)});
}

void listen(LedgerChild& child, const Take& take, int patience) {
    // A number of -1, of an end that is closed, is passed over.
    std::array<pollfd, 2> ends{{{child.output.get(), POLLIN, 0}, {child.errors.get(), POLLIN, 0}}};
    const int ready = poll(ends.data(), ends.size(), patience);
    if (ready < 0 && errno != EINTR) throw system_error("poll");
    if (ready <= 0) return;
    if (ends[0].revents != 0) pass_on(child.output, take);
    if (ends[1].revents != 0) pass_on(child.errors, tell_tamed);
}

int code_of(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) throw system_error("waitpid");
    }
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    throw Error(fmt::format("the process that works on the ledger was ended by signal {}", WTERMSIG(status)));
}

int hear_out(LedgerChild child, const Take& take) {
    while (child.output || child.errors)
        listen(child, take, forever);
    return code_of(child.pid);
}

// At once, so that `watch` is live.
Take take_by(Relay relay) {
    return [relay, tame = Tame()](std::string_view text) mutable {
        switch (relay) {
        case Relay::text: print(tame(text)); break;
        case Relay::report: report(tame(text)); break;
        case Relay::bytes: print(text); break;
        }
        finish_output();
    };
}

} // namespace

int as_ledger_owner(const Places& where, const LedgerWork& work, Relay relay) {
    if (!is_root()) return work(where.ledger_db);
    return hear_out(start_ledger_child(where, work), take_by(relay));
}

std::string
fetched_as_ledger_owner(const Places& where,
                        const std::function<std::string(const std::filesystem::path& ledger)>& work) {
    if (!is_root()) return work(where.ledger_db);
    std::string fetched;
    LedgerChild child =
        start_ledger_child(where, [&](const std::filesystem::path& ledger) { return print(work(ledger)); });
    const int code = hear_out(std::move(child), [&](std::string_view text) { fetched += text; });
    if (code != 0) throw Error("the ledger could not be read");
    return fetched;
}

int beside_ledger_owner(const Places& where, const LedgerWork& work, int kept,
                        const std::function<void()>& meanwhile) {
    LedgerChild child = start_ledger_child(where, work, kept);
    const Take take = take_by(Relay::text);
    while (child.output || child.errors) {
        meanwhile();
        listen(child, take, between_meanwhiles);
    }
    return code_of(child.pid);
}

void create_ledger(const Places& where, const LedgerId& id) {
    const int code = as_ledger_owner(where, [&](const std::filesystem::path& ledger) {
        Ledger::create(ledger, id, SystemClock().now());
        return 0;
    });
    if (code != 0) throw Error(fmt::format("{}: the ledger could not be made", where.ledger_db.string()));
}

} // namespace otk::knockmgr
