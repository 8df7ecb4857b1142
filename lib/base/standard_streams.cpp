#include "base/standard_streams.h"

#include "base/promise.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <utility>

namespace otk {

namespace {

// errno of what could not be written, or 0.
int write_whole(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

struct Buffer {
    std::array<char, 65536> bytes{};
    std::size_t filled = 0;
    int fault = 0; // errno of the first failure that nobody has heard of yet; what comes after it is dropped

    void add(std::string_view text) {
        while (!text.empty() && fault == 0) {
            const std::size_t size = std::min(text.size(), bytes.size() - filled);
            std::copy_n(text.begin(), size, bytes.begin() + static_cast<std::ptrdiff_t>(filled));
            filled += size;
            text.remove_prefix(size);
            if (filled == bytes.size()) write();
        }
    }
    void write() {
        if (fault == 0) fault = write_whole(STDOUT_FILENO, {bytes.data(), filled});
        explicit_bzero(bytes.data(), filled); // it may have been knocks
        filled = 0;
    }
};
Buffer output;

} // namespace

void hold_standard_streams() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (fcntl(fd, F_GETFD) >= 0) continue;
        const int opened = ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        // Without a /dev there is nothing to hold the number with.
        promise(opened < 0 || opened == fd, "a file gets the lowest descriptor that is free");
    }
}

void tell_text(std::string_view text) {
    (void)write_whole(STDERR_FILENO, text);
} // and nowhere to complain to

void put_text(std::string_view text) { output.add(text); }

int flush_output() {
    output.write();
    return std::exchange(output.fault, 0);
}

} // namespace otk
