// Is it calm or flooded, and so which of an interface's two rings is read (source.h)? A pure decision, made
// from how many frames came.
#pragma once

#include <chrono>
#include <cstdint>

namespace otk {

class FloodMode {
  public:
    enum class Phase : std::uint8_t {
        calm,    // the early ring is read, and the block ring beside it
        flooded, // only the block ring is read
        settling // likewise, but the early ring fills again and shall be read soon
    };

    // As many frames in a calm window are a flood: 3,200 a second, and at once when they come together.
    // Waking up for each frame costs many times what it costs in a block (DESIGN 4, "Two rings").
    static constexpr unsigned flood_begins = 32;
    static constexpr std::chrono::milliseconds calm_window{10};
    // Fewer than this in a second, over a window, end it: well below the other, so that a steady stream
    // between the two does not go back and forth.
    static constexpr unsigned flood_ends = 600;
    static constexpr std::chrono::milliseconds flood_window{200};

    // `settle` is how long it takes until all frames that came before now have been read from the block ring.
    explicit FloodMode(std::chrono::nanoseconds settle) : settle_(settle) {}

    [[nodiscard]] Phase phase() const { return phase_; }

    // After a read of the ring that leads: the early one while calm, else the block ring. `emptied`: nothing
    // was left in it. `now` only rises.
    void after_read(unsigned frames, bool emptied, std::chrono::nanoseconds now);

  private:
    void enter(Phase phase, std::chrono::nanoseconds now);

    std::chrono::nanoseconds settle_;
    Phase phase_ = Phase::calm;
    std::chrono::nanoseconds began_{}; // the window, or to settle
    std::uint64_t frames_ = 0;         // in the window
};

} // namespace otk
