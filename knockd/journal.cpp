#include "knockd/journal.h"

#include <string>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {

void journal(std::string_view program, std::string_view text) {
    std::string line = fmt::format("{}: ", program);
    for (const char c : text) {
        const bool control = static_cast<unsigned char>(c) < ' ' || c == '\x7f';
        line += control ? fmt::format("\\x{:02x}", static_cast<unsigned char>(c)) : std::string(1, c);
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
