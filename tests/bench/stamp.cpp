// The command that every daemon runs in the measurements: `stamp FILE` appends the moment, in ns since 1970,
// as a line. Small and without a shell, so that what is measured is the daemon.
#include <array>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char** argv) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (argc < 2) {
        std::fputs("usage: stamp FILE\n", stderr);
        return 2;
    }
    std::array<char, 64> line{};
    const int length = std::snprintf(line.data(), line.size(), "%lld%09ld\n",
                                     static_cast<long long>(now.tv_sec), now.tv_nsec);
    const int file = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0 || write(file, line.data(), static_cast<std::size_t>(length)) != length) {
        std::perror(argv[1]);
        return 1;
    }
    return 0;
}
