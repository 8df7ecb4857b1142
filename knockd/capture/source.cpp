#include "knockd/capture/source.h"

#include "base/random.h"

#include <algorithm>

namespace otk {

namespace {

// At least 256 slots, twice early_round: what comes within 20 ms just below a flood.
constexpr int early_bytes = 512 * 1024;
// Blocks are of 256 KiB (libpcap's choice), and a small packet takes some 160 bytes of one: 16 MiB is 100 ms
// at a million packets a second, for times when this process does not run; and 640 ms at any rate, because
// the kernel closes a block after its timeout, whatever is in it. It is resident memory, so many interfaces
// share twice as much, down to a size that still has eight blocks.
constexpr int largest_blocks_bytes = 16 * 1024 * 1024;
constexpr int smallest_blocks_bytes = 2 * 1024 * 1024;
constexpr int all_blocks_bytes = 32 * 1024 * 1024;

// Until frames that have come are read from the block ring: the timeout, a tick of the kernel's clock or two
// (4 ms at 250 Hz), and what this process needs.
constexpr std::chrono::milliseconds settle = 3 * Ring::block_timeout;

// Twins come within the block timeout; this is plenty. While it is calm no more frames come in this time
// than Pairing has room for, twice over: else it would hand some of them out twice.
constexpr std::chrono::milliseconds generation{250};
static_assert(Pairing::most >= std::size_t{2} * FloodMode::flood_begins *
                                   static_cast<std::size_t>(generation / FloodMode::calm_window));

int blocks_bytes(std::size_t interfaces) {
    return std::clamp(all_blocks_bytes / static_cast<int>(interfaces), smallest_blocks_bytes,
                      largest_blocks_bytes);
}

std::uint64_t random_key() {
    std::uint64_t key = 0;
    system_random({reinterpret_cast<std::uint8_t*>(&key), sizeof key});
    return key;
}

} // namespace

Source::Source(Ring blocks, std::optional<Ring> early) :
    blocks_(std::move(blocks)), early_(std::move(early)), pairing_(random_key()), mode_(settle) {}

Source Source::live(const std::string& interface, const message::CaptureSetup& setup,
                    std::size_t interfaces) {
    Ring blocks = Ring::live(interface, setup, Ring::Kind::blocks, blocks_bytes(interfaces));
    return {std::move(blocks), Ring::live(interface, setup, Ring::Kind::early, early_bytes)};
}

Source Source::file(int descriptor) { return {Ring::file(descriptor), std::nullopt}; }

void Source::end_round(std::chrono::nanoseconds now) {
    // What was remembered a generation ago, before all blocks were read, will never be asked for.
    if (!early_was_read_ && emptied() && now - aged_ >= generation) {
        pairing_.age();
        aged_ = now;
    }
    const bool leads = early_was_read_ == early_leads();
    if (!leads) return;
    const FloodMode::Phase before = mode_.phase();
    mode_.after_read(static_cast<unsigned>(count_), emptied(), now);
    if (mode_.phase() == before) return;
    count_lost(before == FloodMode::Phase::calm);
    if (before == FloodMode::Phase::flooded) early_->discard();
}

void Source::count_lost(bool early_led) {
    if (!early_) return;
    const std::uint32_t blocks = blocks_.dropped();
    const std::uint32_t early = early_->dropped();
    const std::uint32_t by_blocks = blocks - blocks_dropped_; // modulo 2^32, as the kernel's counts are
    const std::uint32_t by_early = early - early_dropped_;
    lost_ += early_led ? std::min(by_blocks, by_early) : by_blocks;
    blocks_dropped_ = blocks;
    early_dropped_ = early;
}

Source::Totals Source::totals() {
    count_lost(early_leads());
    return {seen_, lost_};
}

} // namespace otk
