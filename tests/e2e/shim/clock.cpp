// A clock that a test sets. Loaded by LD_PRELOAD, it adds the nanoseconds that stand in the file named by
// OTK_TEST_CLOCK to the real-time and the monotonic clock of the program, as if so much time had passed. The
// file is mapped before main, so that a program which then closes the file system to itself keeps seeing what
// the test writes there. The kernel's own timers are left alone.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

constexpr std::int64_t nanoseconds_a_second = 1'000'000'000;

using Offset = std::atomic<std::int64_t>;
static_assert(Offset::is_always_lock_free && sizeof(Offset) == sizeof(std::int64_t));

const Offset* map_offset() {
    const char* path = std::getenv("OTK_TEST_CLOCK");
    if (path == nullptr) {
        return nullptr;
    }
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file == -1) {
        return nullptr;
    }
    void* where = mmap(nullptr, sizeof(Offset), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    return where == MAP_FAILED ? nullptr : static_cast<const Offset*>(where);
}

const Offset* offset = nullptr;

__attribute__((constructor)) void begin() { offset = map_offset(); }

} // namespace

// The real clock is asked by system call: the C library's own function is the one replaced here.
extern "C" __attribute__((visibility("default"))) int clock_gettime(clockid_t clock,
                                                                    timespec* time) noexcept {
    const auto result = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
    const bool moved = clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC;
    if (result == 0 && moved && offset != nullptr) {
        const std::int64_t ahead = offset->load(); // never negative: tests go forward only
        const std::int64_t nanoseconds = time->tv_nsec + ahead % nanoseconds_a_second;
        time->tv_sec += ahead / nanoseconds_a_second + nanoseconds / nanoseconds_a_second;
        time->tv_nsec = nanoseconds % nanoseconds_a_second;
    }
    return result;
}
