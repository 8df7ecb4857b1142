// When an interface is flooded and when it is calm again.

#include "knockd/capture/flood_mode.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace std::chrono_literals;
using Phase = FloodMode::Phase;

namespace {

constexpr auto settle = 30ms;

class Story {
  public:
    // A read of the ring that leads, so much later than the last one.
    Phase read(std::chrono::nanoseconds later, unsigned frames, bool emptied = true) {
        now_ += later;
        mode_.after_read(frames, emptied, now_);
        return mode_.phase();
    }
    // Reads of so many frames each at this distance; the last phase.
    Phase stream(std::chrono::nanoseconds lasts, std::chrono::nanoseconds every, unsigned frames) {
        Phase phase = mode_.phase();
        for (std::chrono::nanoseconds passed{}; passed < lasts; passed += every)
            phase = read(every, frames);
        return phase;
    }
    void flood() { REQUIRE(read(1s, FloodMode::flood_begins) == Phase::flooded); }

  private:
    FloodMode mode_{settle};
    std::chrono::nanoseconds now_ = 1h;
};

} // namespace

TEST_CASE("it begins calm, and single packets or small bursts leave it calm") {
    Story story;
    CHECK(story.read(0ns, 0) == Phase::calm);
    CHECK(story.stream(1s, 1ms, 1) == Phase::calm);
    for (int i = 0; i < 20; ++i)
        CHECK(story.read(FloodMode::calm_window, FloodMode::flood_begins - 1) == Phase::calm);
}

TEST_CASE("enough frames at once are a flood, and likewise enough within a window") {
    Story at_once;
    CHECK(at_once.read(1s, FloodMode::flood_begins) == Phase::flooded);

    Story one_by_one;
    for (unsigned i = 1; i < FloodMode::flood_begins; ++i)
        CHECK(one_by_one.read(100us, 1) == Phase::calm);
    CHECK(one_by_one.read(100us, 1) == Phase::flooded);
}

TEST_CASE("a flood lasts while its rate does, whatever the size of the reads") {
    Story large;
    large.flood();
    CHECK(large.stream(2s, 1ms, 256) == Phase::flooded);
    Story small; // just above the rate that ends it
    small.flood();
    CHECK(small.stream(2s, 10ms, FloodMode::flood_ends / 100 + 1) == Phase::flooded);
}

TEST_CASE("below the rate it settles after a window, and is calm when the blocks have caught up") {
    Story story;
    story.flood();
    CHECK(story.stream(FloodMode::flood_window - 20ms, 20ms, 1) == Phase::flooded);
    CHECK(story.read(20ms, 1) == Phase::settling);
    CHECK(story.read(settle - 1ms, 1) == Phase::settling);
    CHECK(story.read(2ms, 1, false) == Phase::settling); // frames are left in it
    CHECK(story.read(1ms, 1) == Phase::calm);
}

TEST_CASE("a flood that stopped dead ends with the first looks at the empty ring") {
    Story story;
    story.flood();
    CHECK(story.read(1s, 0) == Phase::settling);
    CHECK(story.read(1s, 0) == Phase::calm);
}

TEST_CASE("a flood that comes back while it settles is still one") {
    Story story;
    story.flood();
    CHECK(story.read(1s, 0) == Phase::settling);
    CHECK(story.read(1ms, FloodMode::flood_begins - 1) == Phase::settling);
    CHECK(story.read(1ms, 1) == Phase::flooded);
}

TEST_CASE("a steady stream of any rate comes to rest in one phase") {
    for (unsigned in_ten = 1; in_ten < 100; ++in_ten) { // frames in 10 ms
        CAPTURE(in_ten);
        Story story;
        story.flood();
        story.stream(1s, 10ms, in_ten);
        unsigned changes = 0;
        Phase before = story.read(10ms, in_ten);
        for (int i = 0; i < 200; ++i) {
            const Phase phase = story.read(10ms, in_ten);
            changes += phase != before ? 1 : 0;
            before = phase;
        }
        CHECK(changes == 0);
    }
}

TEST_CASE("after a pause of the process the rate counts, not the size of the read") {
    Story story;
    story.flood();
    CHECK(story.read(10s, 256) == Phase::settling); // 26 a second
    Story still;
    still.flood();
    CHECK(still.read(300ms, 256, false) == Phase::flooded);
}
