#include "sys/priority.h"

#include <cstdlib>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace otk {

namespace {

const bool read_by_systemd = is_journal_stream(std::getenv("JOURNAL_STREAM"), STDERR_FILENO);

} // namespace

std::string_view prefix_of(Priority priority) {
    if (!read_by_systemd) return {};
    switch (priority) {
    case Priority::error: return "<3>";
    case Priority::warning: return "<4>";
    case Priority::notice: return "<5>";
    case Priority::info: return "<6>";
    }
    return {};
}

bool is_journal_stream(const char* stream, int fd) {
    struct stat status {};
    if (stream == nullptr || ::fstat(fd, &status) != 0) return false;
    return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

} // namespace otk
