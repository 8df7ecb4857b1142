#include "knockd/journal.h"

#include "base/text.h"

#include <algorithm>
#include <cstdint>
#include <poll.h>
#include <string>
#include <unistd.h>

namespace otk {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

Patience patience;
std::uint64_t lost = 0; // lines, since one was taken

nanoseconds monotonic_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

// Where it is writable a line of up to a page is taken at once, by a pipe and by the journal's socket. A
// descriptor that is no good counts as writable: that is write's to find out.
bool is_writable(milliseconds wait) {
    pollfd journal{STDERR_FILENO, POLLOUT, 0};
    return ::poll(&journal, 1, static_cast<int>(wait.count())) > 0;
}

bool has_room() {
    if (is_writable(milliseconds{0})) return true;
    const nanoseconds from = monotonic_now();
    const milliseconds left = patience.left(from);
    if (left == milliseconds{0}) return false;
    const bool writable = is_writable(left);
    patience.waited(from, monotonic_now());
    return writable;
}

bool put(const std::string& line) {
    const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    return written == static_cast<ssize_t>(line.size()); // and nowhere to complain to
}

} // namespace

// The time that counts begins anew only after a while without any wait: so no two of its beginnings fall into
// the same ten seconds.
milliseconds Patience::left(nanoseconds now) const {
    const nanoseconds used = now - last_ >= within ? nanoseconds{0} : used_;
    return std::chrono::floor<milliseconds>(std::max(most - used, nanoseconds{0}));
}

void Patience::waited(nanoseconds from, nanoseconds until) {
    if (from - last_ >= within) used_ = nanoseconds{0};
    used_ += until - from;
    last_ = until;
}

bool journal_taken(std::string_view program, std::string_view text) {
    if (!has_room()) {
        ++lost;
        return false;
    }
    // Without {fmt}: under the undefined behaviour sanitizer its buffers are looked at by a system call that
    // no sandbox allows.
    std::string line = std::string(program) + ": ";
    if (lost > 0) {
        (void)put(line + std::to_string(lost) + " line(s) were lost here, because nobody read them\n");
        lost = 0;
    }
    for (const char c : text) {
        const auto byte = static_cast<std::uint8_t>(c);
        const bool control = byte < ' ' || c == '\x7f';
        line += control ? "\\x" + to_hex({&byte, 1}) : std::string(1, c);
    }
    line += '\n';
    return put(line);
}

void journal(std::string_view program, std::string_view text) { (void)journal_taken(program, text); }

void Complaint::say(std::string_view text) {
    if (text == said_) return;
    said_ = text;
    journal(program_, text);
}

} // namespace otk
