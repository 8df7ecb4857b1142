// What is said of capabilities that are missing.

#include "knockd/monitor/abilities.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include <linux/capability.h>

using namespace otk;

namespace {

std::string want_without(const std::set<int>& missing) {
    return want_of_capabilities([&missing](int capability) { return !missing.contains(capability); });
}

} // namespace

TEST_CASE(
    "with all capabilities nothing is missing, and those that only doors and names need are not missed") {
    CHECK(want_without({}).empty());
    CHECK(want_without({CAP_NET_ADMIN, CAP_NET_BIND_SERVICE, CAP_SYS_ADMIN}).empty());
}

TEST_CASE("what is missing is named in one line, with its purpose and how it is given") {
    const std::string one = want_without({CAP_NET_RAW});
    CHECK(one ==
          "this process lacks CAP_NET_RAW (to hear knocks): without it knockd cannot serve. A container is "
          "given it with --cap-add NET_RAW, a service with CapabilityBoundingSet= of its unit");
    const std::string two = want_without({CAP_NET_RAW, CAP_KILL});
    CHECK(two.find("CAP_NET_RAW (to hear knocks), CAP_KILL (") != std::string::npos);
    CHECK(two.find("--cap-add NET_RAW --cap-add KILL,") != std::string::npos);
    CHECK(two.find('\n') == std::string::npos);
}

TEST_CASE("each one that knockd cannot serve without is missed") {
    for (const int capability :
         {CAP_NET_RAW, CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_SYS_CHROOT, CAP_KILL}) {
        CAPTURE(capability);
        CHECK_FALSE(want_without({capability}).empty());
    }
}

TEST_CASE("one of the two by which files of others can be read is enough") {
    CHECK(want_without({CAP_DAC_OVERRIDE}).empty());
    CHECK(want_without({CAP_DAC_READ_SEARCH}).empty());
    CHECK(want_without({CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH}).find("CAP_DAC_READ_SEARCH (") !=
          std::string::npos);
}
