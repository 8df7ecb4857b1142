#include "knockgen/dynamic/countdown.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace otk;
using namespace std::chrono_literals;

namespace {

// Time passes only while the countdown sleeps, and a little late each time, as on a real machine.
struct Scene {
    std::chrono::nanoseconds now = 1000s + 123'456'789ns;
    std::chrono::nanoseconds lateness = 3ms;
    std::vector<std::string> shown{};

    CountdownScene get(bool terminal) {
        return {terminal, [this](std::string_view text) { shown.emplace_back(text); }, [this] { return now; },
                [this](std::chrono::nanoseconds time) { now += time + lateness; }};
    }
};

constexpr const char* closed = "Door is closed; connections that were made in time live on";

} // namespace

TEST_CASE("on a terminal one line is rewritten each second, down to the end") {
    Scene scene;
    const auto begin = scene.now;
    count_down("Door", 3s, scene.get(true));
    CHECK(scene.shown == std::vector<std::string>{"\rDoor for 3 seconds\x1b[K", "\rDoor for 2 seconds\x1b[K",
                                                  "\rDoor for 1 second\x1b[K",
                                                  "\r" + std::string(closed) + "\x1b[K\n"});
    CHECK(scene.now >= begin + 3s);
    CHECK(scene.now < begin + 4s);
}

TEST_CASE("elsewhere there are lines, at full minutes and near the end only") {
    Scene scene;
    count_down("Door", 185s, scene.get(false));
    CHECK(scene.shown == std::vector<std::string>{"Door for 185 seconds\n", "180 seconds left\n",
                                                  "120 seconds left\n", "60 seconds left\n",
                                                  "30 seconds left\n", "10 seconds left\n",
                                                  std::string(closed) + "\n"});
}

TEST_CASE("a machine that sleeps meanwhile shows what is left when it wakes") {
    Scene scene;
    scene.lateness = 20s;
    count_down("Door", 50s, scene.get(true));
    CHECK(scene.shown.size() == 4);
    CHECK(scene.shown[1] == "\rDoor for 29 seconds\x1b[K");
    CHECK(scene.shown[2] == "\rDoor for 8 seconds\x1b[K");
    scene.shown.clear();
    scene.lateness = 100s;
    count_down("Door", 50s, scene.get(false));
    CHECK(scene.shown == std::vector<std::string>{"Door for 50 seconds\n", std::string(closed) + "\n"});
}

TEST_CASE("a door that closes at once is told closed") {
    Scene scene;
    count_down("Door", 0s, scene.get(false));
    CHECK(scene.shown == std::vector<std::string>{std::string(closed) + "\n"});
}
