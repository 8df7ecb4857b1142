// Two rings bring every packet twice. The first to come is handed out, the other one is skipped: by what is
// in the frame, not by when it came, so that neither a clock that is set nor an order among processors
// matters.
#pragma once

#include "base/bytes.h"
#include "net/packet.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace otk {

// Of a frame as a ring has it, what is the same in both. The kernel fills eight bytes of a cooked header with
// a link address of six, and leaves in the others what the ring held before: such headers are left out.
[[nodiscard]] Bytes same_in_both(LinkType link, Bytes frame);

class Pairing {
  public:
    enum class From : std::uint8_t { early, blocks };

    // `key` is random: nobody can make a frame that passes for another.
    explicit Pairing(std::uint64_t key);

    // A frame from this ring, as same_in_both() gives it. False: the other ring has brought it already, and
    // it is forgotten now. True: it is the first of the two; with `remember` its twin will be told by it.
    // Equal frames are counted. When there is no room left nothing is remembered, and the twin is handed out,
    // too.
    [[nodiscard]] bool is_first(From from, Bytes frame, bool remember);

    // Forgets what was remembered before the last call: twins that never came, because their ring had no
    // room.
    void age();

    static constexpr std::size_t most = 2048; // different frames between two calls of age()

  private:
    struct Slot {
        std::uint64_t fingerprint = 0; // 0: free
        std::int64_t ahead = 0;        // frames that only the early ring has brought; negative: only blocks
    };
    struct Generation {
        std::vector<Slot> slots;
        std::size_t used = 0;
        std::uint64_t waiting = 0; // sum of what is ahead, without signs
        [[nodiscard]] Slot& find(std::uint64_t fingerprint);
    };
    [[nodiscard]] bool take_twin(Generation& generation, From from, std::uint64_t fingerprint);
    [[nodiscard]] std::uint64_t fingerprint_of(Bytes frame) const;

    std::uint64_t key_;
    std::uint64_t waiting_ = 0; // of both
    Generation newer_;
    Generation older_;
};

} // namespace otk
