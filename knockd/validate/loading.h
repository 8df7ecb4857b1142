// From the two databases into memory: at start, and whenever an administrator has changed something (DESIGN
// 8).
#pragma once

#include "knockd/messages.h"
#include "knockd/validate/book.h"
#include "knockd/validate/memory.h"
#include "store/ledger.h"
#include "store/policy_store.h"

#include <cstdint>
#include <vector>

namespace otk {

// Makes the book agree with policy.db: new and renewed chains come in at their position in the ledger (or as
// they were enrolled), removed ones go. `algorithms`: a set of bit(Algorithm); chains of others are not live.
// What capture has to know of it is appended to `watches`. Throws Error.
void load_chains(const PolicyStore& policy, const Ledger& ledger, std::uint8_t algorithms, Book& book,
                 std::vector<message::WatchEntry>& watches);

// The newest spent and jumped-over values, from the ledger's rows. Throws Error.
void load_memory(const Ledger& ledger, Memory& memory);

} // namespace otk
