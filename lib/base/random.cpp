#include "base/random.h"

#include "base/promise.h"

#include <cerrno>
#include <sys/random.h>

namespace otk {

void system_random(MutableBytes bytes) {
    while (!bytes.empty()) {
        const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) throw system_error("getrandom");
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
}

std::uint32_t random_below(const RandomSource& random, std::uint32_t bound) {
    promise(bound > 0, "random_below needs a bound of at least 1");
    // Numbers past the last whole multiple of the bound are thrown away: no remainder is favoured.
    const std::uint64_t limit = (std::uint64_t{1} << 32) / bound * bound;
    for (;;) {
        std::array<std::uint8_t, 4> bytes{};
        random(bytes);
        const std::uint64_t number = *Reader(bytes).u32();
        if (number < limit) return static_cast<std::uint32_t>(number % bound);
    }
}

} // namespace otk
