#include "knockgen/output.h"

#include "base/promise.h"
#include "base/standard_streams.h"

#include <algorithm>
#include <cerrno>
#include <string.h>
#include <unistd.h>

namespace otk {
namespace {

constexpr std::size_t buffer_size = 65536;

} // namespace

Output::Output() { buffer_.reserve(buffer_size); }

Output::~Output() { explicit_bzero(buffer_.data(), buffer_.capacity()); }

void Output::add(std::string_view text) {
    while (!text.empty()) {
        if (buffer_.size() == buffer_size) finish();
        const std::string_view part = text.substr(0, buffer_size - buffer_.size());
        buffer_.append(part);
        text.remove_prefix(part.size());
    }
}

void Output::finish() {
    std::string_view rest = buffer_;
    while (!rest.empty()) {
        const ssize_t written = write(STDOUT_FILENO, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0)
            throw system_error("cannot write all to standard output, what is there is incomplete");
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    buffer_.clear();
}

void tell_done(std::string_view text) {
    try {
        Output output;
        output.add(text);
        output.finish();
    } catch (const Error& fault) {
        tell("knockgen: warning: {}; it was about what is done:\n{}", fault.what(), text);
    }
}

} // namespace otk
