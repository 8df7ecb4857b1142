// Finds the knock in a packet, if there is one: reads its candidates, hashes each reading up to `window`
// times and looks the results up (DESIGN 4). Garbage costs hashes and nothing else.
#pragma once

#include "knockd/capture/value_table.h"
#include "net/knock.h"
#include "otp/text_form.h"

#include <cstdint>
#include <optional>

namespace otk {

struct Found {
    Algorithm algorithm{};
    std::uint8_t steps = 0; // 0: a known value; else how many steps lead to an image
    Value value;
    Address named;
};

class Screen {
  public:
    // `algorithms` is a set of bit(Algorithm); `window` is 1 to largest_window.
    Screen(ValueTable& table, std::uint8_t algorithms, unsigned window);

    // The candidate whose value is known or nearest to an image; nothing when all of them are noise.
    [[nodiscard]] std::optional<Found> find(const Candidates& candidates) const;

  private:
    void try_candidate(const Candidate& candidate, std::optional<Found>& best) const;
    void try_value(Algorithm algorithm, const Value& value, const Address& named,
                   std::optional<Found>& best) const;

    ValueTable& table_;
    std::uint8_t algorithms_;
    unsigned window_;
};

} // namespace otk
