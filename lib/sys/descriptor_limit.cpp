#include "sys/descriptor_limit.h"

#include "base/promise.h"

#include <algorithm>
#include <optional>
#include <sys/resource.h>

namespace otk {

namespace {

std::optional<rlimit> before_raising; // of this process, which has one such limit

rlimit descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) throw system_error("cannot read the limit of open files");
    return limit;
}

} // namespace

std::uint64_t raise_descriptor_limit(std::uint64_t wanted) {
    const rlimit now = descriptor_limit();
    if (now.rlim_cur >= wanted) return now.rlim_cur;
    rlimit raised = now;
    raised.rlim_cur = std::min<rlim_t>(wanted, now.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &raised) != 0) throw system_error("cannot raise the limit of open files");
    if (!before_raising) before_raising = now;
    return raised.rlim_cur;
}

std::uint64_t hard_descriptor_limit() { return descriptor_limit().rlim_max; }

void give_back_descriptor_limit() noexcept {
    if (before_raising) (void)setrlimit(RLIMIT_NOFILE, &*before_raising); // lower never fails
}

} // namespace otk
