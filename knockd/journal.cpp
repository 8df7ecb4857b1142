#include "knockd/journal.h"

#include "base/promise.h"
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

namespace {

// Without {fmt}: under the undefined behaviour sanitizer its buffers are looked at by a system call that no
// sandbox allows.
void append_line(std::string& to, std::string_view program, std::string_view text, Priority priority) {
    to.append(prefix_of(priority)).append(program).append(": ");
    for (const char c : text) {
        const auto byte = static_cast<std::uint8_t>(c);
        if (byte < ' ' || c == '\x7f')
            to.append("\\x").append(to_hex({&byte, 1}));
        else
            to.push_back(c);
    }
    to.push_back('\n');
}

// Both at once, or none of it and `count` lines more are lost.
bool write_lines(std::string_view program, const std::string& lines, std::uint64_t count) {
    if (!has_room()) {
        lost += count;
        return false;
    }
    if (lost > 0) {
        (void)put(std::string(prefix_of(Priority::warning)).append(program) + ": " + std::to_string(lost) +
                  " line(s) were lost here, because nobody read them\n");
        lost = 0;
    }
    return put(lines);
}

// What a pipe takes whole, and a poll that says "writable" has promised (pipe(7), PIPE_BUF).
constexpr std::size_t page = 4096;

struct Gathered {
    bool on = false;
    std::string program; // of the newest line
    std::string lines;
    std::uint64_t count = 0;

    void write() {
        if (count > 0) (void)write_lines(program, lines, count);
        lines.clear();
        count = 0;
    }
};
Gathered gathered;

} // namespace

bool journal_taken(std::string_view program, std::string_view text, Priority priority) {
    gathered.write();
    std::string line;
    append_line(line, program, text, priority);
    return write_lines(program, line, 1);
}

void journal(std::string_view program, std::string_view text, Priority priority) {
    if (!gathered.on) return (void)journal_taken(program, text, priority);
    const std::size_t before = gathered.lines.size();
    append_line(gathered.lines, program, text, priority);
    if (before > 0 && gathered.lines.size() > page) { // the new line is for the next page
        const std::string newest = gathered.lines.substr(before);
        gathered.lines.resize(before);
        gathered.write();
        gathered.lines = newest;
    }
    gathered.program = program;
    ++gathered.count;
}

GatheredLines::GatheredLines() {
    promise(!gathered.on, "lines are gathered once at a time");
    gathered.on = true;
}

GatheredLines::~GatheredLines() {
    gathered.on = false;
    gathered.write();
}

void Complaint::say(std::string_view text) {
    if (text == said_) return;
    said_ = text;
    journal(program_, text, priority_);
}

} // namespace otk
