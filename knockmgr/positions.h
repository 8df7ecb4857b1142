// How far each chain has come, and what the 64-bit ones add up to (DESIGN 3).
#pragma once

#include "config/config.h"
#include "store/ledger.h"
#include "store/policy_store.h"

#include <cstdint>
#include <map>
#include <optional>

namespace otk::knockmgr {

using Positions = std::map<ChainId, Position>; // chains of which a knock was spent

// All of them, or those of these grants' chains. By way of a child as root (as_ledger_reader.h). Throw Error
// where the ledger cannot be read, also when there is no grant to ask for.
[[nodiscard]] Positions read_positions(const Places& where);
[[nodiscard]] Positions read_positions(const Places& where, const std::vector<GrantDetails>& grants);
// Those that stand at this count or below.
[[nodiscard]] Positions read_low_positions(const Places& where, Count most);
[[nodiscard]] Positions positions_in(const Ledger& ledger);
// Of these grants; nothing, with a warning, when the ledger cannot be read: listings are of use without it.
[[nodiscard]] std::optional<Positions> positions_if_there(const Places& where,
                                                          const std::vector<GrantDetails>& grants);

// The value the next knock must hash to, and the count it stands at.
[[nodiscard]] Position position_of(const Positions& positions, const Grant& grant);
// Of a retired chain none are.
[[nodiscard]] Count knocks_left(const Positions& positions, const Grant& grant);

// R: the sum of the remaining knocks of all enabled 64-bit grants but `except`. Throws Error.
[[nodiscard]] std::uint64_t weak_knocks(const PolicyStore& store, const Places& where,
                                        std::optional<GrantId> except = std::nullopt);
// What the enabled ones of these grants add up to.
[[nodiscard]] std::uint64_t sum_of_knocks(const std::vector<GrantDetails>& grants,
                                          const Positions& positions);
// Throws Error, with the figures, when so many knocks more would lift R x window over weak_limit.
void check_weak_limit(const Config& config, std::uint64_t others, Count added);

} // namespace otk::knockmgr
