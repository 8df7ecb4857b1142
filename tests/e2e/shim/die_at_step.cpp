// A program that is killed between two steps of its work. Loaded by LD_PRELOAD into knockd, its helpers and
// knockgen; the file that OTK_TEST_STEPS names holds a counter for each of them, and the test that mapped it
// says after how many steps which one dies. A step is a call that others can see: a message, a write or a
// sync of a database, a process, a renamed file, a port.
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <iterator>
#include <string_view>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::string_view programs[] = {"knockd", "knockd-capture", "knockd-validate", "knockd-forward",
                                         "knockgen"};

std::atomic<std::int32_t>* counter = nullptr;

// Before the program confines itself: afterwards it may open nothing.
__attribute__((constructor)) void begin() {
    const char* file = std::getenv("OTK_TEST_STEPS");
    const int fd = file == nullptr ? -1 : open(file, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void* page =
        mmap(nullptr, sizeof(std::int32_t) * std::size(programs), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (page == MAP_FAILED) return;
    for (std::size_t number = 0; number < std::size(programs); ++number) {
        if (programs[number] == program_invocation_short_name)
            counter = static_cast<std::atomic<std::int32_t>*>(page) + number;
    }
}

// A sandbox that does not let a program kill itself kills it for the attempt.
void step() {
    if (counter == nullptr) return;
    std::int32_t left = counter->load();
    while (left > 0 && !counter->compare_exchange_weak(left, left - 1)) {
    }
    if (left == 1) kill(getpid(), SIGKILL);
}

template <typename Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

} // namespace

#define OTK_STEP(type, name, parameters, arguments)                                                          \
    extern "C" __attribute__((visibility("default"))) type name parameters {                                 \
        static auto* const function = real<type parameters>(#name);                                          \
        step();                                                                                              \
        return function arguments;                                                                           \
    }

OTK_STEP(ssize_t, send, (int fd, const void* bytes, size_t size, int flags), (fd, bytes, size, flags))
OTK_STEP(ssize_t, sendto,
         (int fd, const void* bytes, size_t size, int flags, const sockaddr* to, socklen_t length),
         (fd, bytes, size, flags, to, length))
OTK_STEP(ssize_t, sendmsg, (int fd, const msghdr* message, int flags), (fd, message, flags))
OTK_STEP(ssize_t, pwrite64, (int fd, const void* bytes, size_t size, off64_t at), (fd, bytes, size, at))
OTK_STEP(int, fdatasync, (int fd), (fd))
OTK_STEP(int, fsync, (int fd), (fd))
OTK_STEP(pid_t, fork, (), ())
OTK_STEP(int, rename, (const char* from, const char* to), (from, to))
OTK_STEP(int, bind, (int fd, const sockaddr* address, socklen_t length), (fd, address, length))
OTK_STEP(int, listen, (int fd, int backlog), (fd, backlog))
