// Where frames come from: an interface, or a file (DESIGN 4 and 7).
//
// An interface has two rings with the same filter, so each packet comes twice. The early ring wakes the
// process for every packet: low latency, but dear in a flood. The block ring hands over many packets at once:
// cheap, but each may be 10 ms old. While it is calm the early ring leads, and the block ring, read beside it
// at most a hundred times a second, is skipped packet by packet (Pairing). While it is flooded only the block
// ring is read; the early one fills up and is left alone.
//
// No packet is lost or doubled by a change, because nothing is skipped but a packet whose twin was handed
// out, and nothing thrown away but what the block ring has as well:
// - Calm to flooded: what the early ring had not yet shown comes by the blocks, what it had shown is skipped
//   there.
// - Flooded to calm: the early ring's stale frames are thrown away, while the blocks lead; they have or will
//   have every one of them. It fills again while the blocks go on to lead, now with each frame remembered,
//   until all that came before the throwing away has been read (settling). Then the early ring is read from
//   where it began to fill, and skipped as far as the blocks have got.
// The order of packets is kept, too, as a chain needs it: the early ring is never read beyond a gap. It has
// at least twice early_round slots, so when it has had no room, the first read after that brings enough
// frames to begin a flood, and all of them are older than the gap.
#pragma once

#include "knockd/capture/flood_mode.h"
#include "knockd/capture/pairing.h"
#include "knockd/capture/ring.h"
#include "knockd/messages.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace otk {

class Source {
  public:
    // Opens the interface ("any" for all), which is one of `interfaces` that share the memory for rings.
    // Needs CAP_NET_RAW. Throws Error.
    static Source live(const std::string& interface, const message::CaptureSetup& setup,
                       std::size_t interfaces);
    // Reads a pcap or pcapng file; takes the descriptor. Throws Error.
    static Source file(int descriptor);

    // Of files: hands out the next frames, at most `most`; false at the end.
    template <typename Take>
    [[nodiscard]] bool read(int most, Take&& take) {
        const int count = blocks_.read(most, take);
        seen_ += static_cast<std::uint64_t>(count);
        return count > 0;
    }

    // Of interfaces, when a descriptor is readable: hands out what waits there and was not handed out before,
    // bounded. Then, when the frames have been dealt with, end_round() decides what leads from now on. `now`
    // only rises.
    [[nodiscard]] int early_fd() const { return early_->fd(); }  // to be watched while early_leads()
    [[nodiscard]] int blocks_fd() const { return blocks_.fd(); } // to be watched always
    [[nodiscard]] bool early_leads() const { return mode_.phase() == FloodMode::Phase::calm; }
    template <typename Take>
    void read_early(Take&& take);
    template <typename Take>
    void read_blocks(Take&& take);
    void end_round(std::chrono::nanoseconds now);
    // The last reading brought all that was there.
    [[nodiscard]] bool emptied() const { return count_ < most_; }

    struct Totals {
        std::uint64_t seen = 0; // frames handed out
        // Packets that passed the filter and that neither ring brought, for want of room. The kernel counts
        // for each ring: while flooded it is the block ring's count; while calm, what both have lost in the
        // same second at most, which is the lesser count.
        std::uint64_t lost = 0;
    };
    [[nodiscard]] Totals totals();

  private:
    Source(Ring blocks, std::optional<Ring> early);
    void count_lost(bool early_led);

    // Frames in one read. Few enough that new images are seen within a millisecond of a flood; so many that
    // looking at the channels in between costs nothing.
    static constexpr int block_round = 256;
    static constexpr int early_round = 128;
    static_assert(early_round >= static_cast<int>(FloodMode::flood_begins), "a full ring must begin a flood");

    Ring blocks_; // or the file
    std::optional<Ring> early_;
    Pairing pairing_;
    FloodMode mode_;
    bool early_was_read_ = false; // in this round, else the blocks
    int count_ = 0;
    int most_ = 0;
    std::chrono::nanoseconds aged_{};
    std::uint64_t seen_ = 0;
    std::uint64_t lost_ = 0;
    std::uint32_t blocks_dropped_ = 0; // at the last count_lost()
    std::uint32_t early_dropped_ = 0;
};

template <typename Take>
void Source::read_early(Take&& take) {
    early_was_read_ = true;
    most_ = early_round;
    count_ = early_->read(most_, [&](const Frame& frame) {
        if (!pairing_.is_first(Pairing::From::early, same_in_both(frame.link, frame.bytes), true)) return;
        ++seen_;
        take(frame);
    });
}

template <typename Take>
void Source::read_blocks(Take&& take) {
    early_was_read_ = false;
    most_ = block_round;
    const bool remember = mode_.phase() != FloodMode::Phase::flooded;
    count_ = blocks_.read(most_, [&](const Frame& frame) {
        if (!pairing_.is_first(Pairing::From::blocks, same_in_both(frame.link, frame.bytes), remember))
            return;
        ++seen_;
        take(frame);
    });
}

} // namespace otk
