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
// What capture has to know of it is appended to `watches`. Reads all chains. Throws Error; what was done
// until then is done, and the next call does the rest.
void load_chains(const PolicyStore& policy, const Ledger& ledger, std::uint8_t algorithms, Book& book,
                 std::vector<message::WatchEntry>& watches);

// The same for an empty book, and nobody is told: capture gets the whole book afterwards.
void load_all_chains(const PolicyStore& policy, const Ledger& ledger, std::uint8_t algorithms, Book& book);

// The same where the book agreed with policy.db after change number `after`: reads only the grants that were
// changed since then, if they can be told. Returns the number that the book agrees with now. When it throws,
// nothing is lost by calling it with the former number again.
[[nodiscard]] std::int64_t load_changed_chains(const PolicyStore& policy, const Ledger& ledger,
                                               std::uint8_t algorithms, std::int64_t after, Book& book,
                                               std::vector<message::WatchEntry>& watches);

// The newest spent and jumped-over values, from the ledger's rows. Throws Error.
void load_memory(const Ledger& ledger, Memory& memory);

} // namespace otk
