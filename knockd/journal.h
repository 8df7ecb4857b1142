// One line for the journal (standard error, which systemd or a terminal reads).
#pragma once

#include <string_view>

namespace otk {

// "PROGRAM: TEXT" and a line end in one write(2), so that lines of different processes do not mix. Control
// characters in the text are shown as \xNN.
void journal(std::string_view program, std::string_view text);

} // namespace otk
