#include "sys/boot.h"

#include "base/promise.h"
#include "sys/file.h"

#include <ctime>

namespace otk {

std::chrono::milliseconds since_boot() {
    timespec now{};
    promise(clock_gettime(CLOCK_BOOTTIME, &now) == 0, "the machine has a clock of its boot");
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::seconds{now.tv_sec} +
                                                                 std::chrono::nanoseconds{now.tv_nsec});
}

const std::string& this_boot() {
    static const std::string boot = [] {
        std::string text = read_file("/proc/sys/kernel/random/boot_id", 64).value_or("");
        while (text.ends_with('\n'))
            text.pop_back();
        return text;
    }();
    return boot;
}

} // namespace otk
