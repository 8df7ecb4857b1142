// A network of their own for tests that change the firewall: they need root, and say so where they are not
// it. Nothing of the machine's own rules is ever seen or touched.
#pragma once

#include "tests/unit/sys/helpers.h"

#include <sched.h>

#include <doctest/doctest.h>

namespace otk::test {

// From here on this process is in a new, empty network namespace. False: that cannot be had.
[[nodiscard]] inline bool in_own_network() {
    const bool entered = is_root() && unshare(CLONE_NEWNET) == 0;
    if (!entered) {
        say_skipped(doctest::getContextOptions()->currentTest->m_name, "a network namespace needs root");
    }
    return entered;
}

} // namespace otk::test
