#include "knockd/journal.h"

#include "base/text.h"

#include <cstdint>
#include <poll.h>
#include <string>
#include <unistd.h>

namespace otk {

namespace {

// How long one line may wait for a reader that is behind. When it did not help the next ones do not wait: a
// journal that stands still must not hold up who serves strangers and ends doors.
constexpr int patience_ms = 100;
std::uint64_t lost = 0; // lines, since somebody read

// Where it is writable a line of up to a page is taken at once, by a pipe and by the journal's socket.
bool has_room() {
    pollfd journal{STDERR_FILENO, POLLOUT, 0};
    return ::poll(&journal, 1, lost == 0 ? patience_ms : 0) != 0; // what fails is write's to find out
}

void put(const std::string& line) {
    (void)!::write(STDERR_FILENO, line.data(), line.size()); // nowhere to complain to
}

} // namespace

void journal(std::string_view program, std::string_view text) {
    if (!has_room()) {
        ++lost;
        return;
    }
    // Without {fmt}: under the undefined behaviour sanitizer its buffers are looked at by a system call that
    // no sandbox allows.
    std::string line = std::string(program) + ": ";
    if (lost > 0) {
        put(line + std::to_string(lost) + " line(s) were lost here, because nobody read them\n");
        lost = 0;
    }
    for (const char c : text) {
        const auto byte = static_cast<std::uint8_t>(c);
        const bool control = byte < ' ' || c == '\x7f';
        line += control ? "\\x" + to_hex({&byte, 1}) : std::string(1, c);
    }
    line += '\n';
    put(line);
}

void Complaint::say(std::string_view text) {
    if (text == said_) return;
    said_ = text;
    journal(program_, text);
}

} // namespace otk
