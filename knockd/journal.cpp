#include "knockd/journal.h"

#include "base/text.h"

#include <string>
#include <unistd.h>

namespace otk {

void journal(std::string_view program, std::string_view text) {
    // Without {fmt}: under the undefined behaviour sanitizer its buffers are looked at by a system call that
    // no sandbox allows.
    std::string line = std::string(program) + ": ";
    for (const char c : text) {
        const auto byte = static_cast<std::uint8_t>(c);
        const bool control = byte < ' ' || c == '\x7f';
        line += control ? "\\x" + to_hex({&byte, 1}) : std::string(1, c);
    }
    line += '\n';
    (void)!write(STDERR_FILENO, line.data(), line.size()); // nowhere to complain to
}

void Complaint::say(std::string_view text) {
    if (text == said_) return;
    said_ = text;
    journal(program_, text);
}

} // namespace otk
