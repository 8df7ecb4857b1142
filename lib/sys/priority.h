// How much a line for the journal matters: syslog's numbers (RFC 5424, section 6.2.1), which systemd reads
// from the beginning of a line, as "<4>", where its SyslogLevelPrefix= is on, as it is by default
// (sd-daemon(3)). Everybody else would only see three characters that mean nothing.
#pragma once

#include <cstdint>
#include <string_view>

namespace otk {

enum class Priority : std::uint8_t {
    error = 3,   // something does not work, and somebody must do something about it
    warning = 4, // something went wrong, or may be an attack
    notice = 5,  // rare, and worth to know
    info = 6,    // what happens every day
};

// "<4>" where standard error is the journal's, else "". Found out when the program starts, because the
// confined may ask nothing later.
[[nodiscard]] std::string_view prefix_of(Priority priority);

// Is the descriptor what JOURNAL_STREAM names (systemd.exec(5)): "DEVICE:INODE", in decimal? `stream` may be
// nullptr.
[[nodiscard]] bool is_journal_stream(const char* stream, int fd);

} // namespace otk
