// A program that is killed in the middle of a write. Loaded by LD_PRELOAD, it lets the write number
// OTK_TEST_DIE_AT (1 is the first) reach the file by half and then ends the program by SIGKILL, as a crash or
// a hasty administrator might. Only positioned writes count: those are what SQLite does to its files.
#include <csignal>
#include <cstdlib>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

long writes_left() {
    const char* text = std::getenv("OTK_TEST_DIE_AT");
    return text == nullptr ? 0 : std::strtol(text, nullptr, 10);
}

long left = 0;

__attribute__((constructor)) void begin() { left = writes_left(); }

} // namespace

extern "C" __attribute__((visibility("default"))) ssize_t pwrite64(int file, const void* bytes, size_t size,
                                                                   off64_t offset) {
    if (left == 1) {
        syscall(SYS_pwrite64, file, bytes, size / 2, offset);
        raise(SIGKILL);
    }
    if (left > 0) --left;
    return syscall(SYS_pwrite64, file, bytes, size, offset);
}
