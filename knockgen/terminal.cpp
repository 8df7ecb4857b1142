#include "knockgen/terminal.h"

#include "base/fd.h"
#include "base/promise.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <string>
#include <termios.h>
#include <unistd.h>

namespace otk {
namespace {

constexpr std::size_t longest_line = 1024;

constexpr std::array caught_signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

volatile std::sig_atomic_t signal_that_came = 0;

extern "C" void note_signal(int number) { signal_that_came = number; }

// While it lives, the signals above are blocked except in ppoll, where they are only noted: they cannot
// strike between reading and restoring.
class CaughtSignals {
  public:
    CaughtSignals() {
        signal_that_came = 0;
        sigset_t blocked;
        sigemptyset(&blocked);
        for (const int number : caught_signals)
            sigaddset(&blocked, number);
        promise(sigprocmask(SIG_BLOCK, &blocked, &mask_before_) == 0, "sigprocmask takes its own signals");
        for (std::size_t i = 0; i < caught_signals.size(); ++i)
            catch_signal(caught_signals[i], before_[i]);
    }
    CaughtSignals(const CaughtSignals&) = delete;
    CaughtSignals& operator=(const CaughtSignals&) = delete;
    ~CaughtSignals() {
        for (std::size_t i = 0; i < caught_signals.size(); ++i)
            sigaction(caught_signals[i], &before_[i], nullptr);
        sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
    }

    [[nodiscard]] const sigset_t& mask_before() const { return mask_before_; }

  private:
    static void catch_signal(int number, struct sigaction& before) {
        struct sigaction note {};
        note.sa_handler = note_signal;
        sigemptyset(&note.sa_mask);
        promise(sigaction(number, nullptr, &before) == 0, "sigaction knows its signals");
        // What whoever started us had ignored (nohup) stays ignored.
        if (before.sa_handler != SIG_IGN) sigaction(number, &note, nullptr);
    }

    std::array<struct sigaction, caught_signals.size()> before_{};
    sigset_t mask_before_{};
};

// While it lives, the terminal shows nothing of what is typed.
class NoEcho {
  public:
    explicit NoEcho(int terminal) : terminal_(terminal) {
        if (tcgetattr(terminal_, &before_) != 0)
            throw system_error("cannot read the settings of the terminal");
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL);
        if (tcsetattr(terminal_, TCSAFLUSH, &quiet) != 0)
            throw system_error("cannot turn off the terminal's echo");
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;
    ~NoEcho() { (void)tcsetattr(terminal_, TCSAFLUSH, &before_); }

  private:
    int terminal_;
    termios before_{};
};

void show(int terminal, std::string_view text) {
    if (write(terminal, text.data(), text.size()) < 0) throw system_error("cannot write to the terminal");
}

enum class Typed { line, signal, end, too_long };

// Reads up to the newline, in as many pieces as the terminal hands out.
Typed read_line(int terminal, const sigset_t& open_mask, SecretArray<longest_line + 1>& line,
                std::size_t& size) {
    bool overflow = false;
    for (size = 0;;) {
        pollfd poll{terminal, POLLIN, 0};
        if (ppoll(&poll, 1, nullptr, &open_mask) < 0) {
            if (errno != EINTR) throw system_error("cannot wait for the terminal");
            if (signal_that_came != 0) return Typed::signal;
            continue;
        }
        const MutableBytes room = line.fill().subspan(size);
        const ssize_t got = read(terminal, room.data(), room.size());
        if (got < 0) throw system_error("cannot read from the terminal");
        if (got == 0) return size == 0 && !overflow ? Typed::end : overflow ? Typed::too_long : Typed::line;
        size += static_cast<std::size_t>(got);
        if (line.view()[size - 1] == '\n') {
            --size;
            return overflow ? Typed::too_long : Typed::line;
        }
        if (size == line.view().size()) {
            overflow =
                true; // the rest of the line is read all the same, so that no shell takes it for a command
            size = 0;
        }
    }
}

// Nothing when a signal came in between.
std::optional<SecretText> ask_once(int terminal, std::string_view prompt) {
    const CaughtSignals signals;
    const NoEcho no_echo(terminal);
    show(terminal, prompt);
    SecretArray<longest_line + 1> line;
    std::size_t size = 0;
    const Typed typed = read_line(terminal, signals.mask_before(), line, size);
    show(terminal, "\n"); // the one that was typed did not show
    switch (typed) {
    case Typed::signal: return std::nullopt;
    case Typed::end: throw Error("nothing was typed, so nothing was made");
    case Typed::too_long: throw Error("the line is longer than any passphrase may be; nothing was made");
    case Typed::line: break;
    }
    return SecretText(as_text(line.view().first(size)));
}

// Up to the newline, without it; what is longer than any answer is cut.
std::string line_that_shows(int terminal) {
    std::string line;
    for (char sign = 0;;) {
        const ssize_t got = read(terminal, &sign, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw system_error("cannot read from the terminal");
        if (got == 0 || sign == '\n') return line;
        if (line.size() < longest_line) line += sign;
    }
}

} // namespace

bool ask_yes(std::string_view question) {
    const Fd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal) throw Error("there is no terminal on which to ask");
    show(terminal.get(), question);
    return line_that_shows(terminal.get()) == "yes";
}

SecretText ask_without_echo(std::string_view prompt) {
    const Fd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal) {
        throw Error("there is no terminal on which to ask for the passphrase; use --passphrase-file FILE, or "
                    "--passphrase-file - for standard input");
    }
    for (;;) {
        if (auto line = ask_once(terminal.get(), prompt)) return std::move(*line);
        // The terminal is as it was, so the signal may now do what it was sent for. Only after ^Z and `fg`,
        // or where whoever started us handles it, does the loop go on.
        (void)raise(signal_that_came);
    }
}

} // namespace otk
