// A clock that a test sets. Loaded by LD_PRELOAD, it adds two numbers of nanoseconds, which stand in the file
// named by OTK_TEST_CLOCK, to the clocks of the program: the first to all of them, as if so much time had
// passed, the second to the real-time clock alone, as if somebody had set it. The file is mapped before main,
// so that a program which then closes the file system to itself keeps seeing what the test writes there. The
// kernel's own timers are left alone.
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

struct Offsets {
    Offset passed; // never negative
    Offset set;    // negative where the clock was set back
};

const Offsets* map_offsets() {
    const char* path = std::getenv("OTK_TEST_CLOCK");
    if (path == nullptr) {
        return nullptr;
    }
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file == -1) {
        return nullptr;
    }
    void* where = mmap(nullptr, sizeof(Offsets), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    return where == MAP_FAILED ? nullptr : static_cast<const Offsets*>(where);
}

const Offsets* offsets = nullptr;

__attribute__((constructor)) void begin() { offsets = map_offsets(); }

} // namespace

// The real clock is asked by system call: the C library's own function is the one replaced here.
extern "C" __attribute__((visibility("default"))) int clock_gettime(clockid_t clock,
                                                                    timespec* time) noexcept {
    const auto result = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
    const bool moved = clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME;
    if (result == 0 && moved && offsets != nullptr) {
        std::int64_t moved_by = offsets->passed.load();
        if (clock == CLOCK_REALTIME) moved_by += offsets->set.load();
        const std::int64_t now = time->tv_sec * nanoseconds_a_second + time->tv_nsec + moved_by;
        time->tv_sec = now / nanoseconds_a_second;
        time->tv_nsec = now % nanoseconds_a_second;
    }
    return result;
}
