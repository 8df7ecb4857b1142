#include "knockd/monitor/losses.h"

#include <doctest/doctest.h>

namespace otk {

TEST_CASE("losses are told at once, then summed up once a minute") {
    using namespace std::chrono_literals;
    Losses losses;
    const Losses::Clock::time_point start{};
    const auto says = [&](std::uint64_t lost, std::chrono::seconds at) {
        return losses.look(lost, start + at).value_or("").substr(0, 12);
    };
    CHECK(says(0, 0s).empty());
    CHECK(says(7, 1s) == "7 packet(s) ");
    CHECK(says(7, 100s).empty());
    CHECK(says(17, 101s) == "10 packet(s)");
    CHECK(says(20, 102s).empty());
    CHECK(says(25, 160s).empty());
    CHECK(says(25, 161s) == "8 packet(s) ");
    CHECK(says(3, 300s) == "3 packet(s) "); // capture was started again, and counts anew
}

} // namespace otk
