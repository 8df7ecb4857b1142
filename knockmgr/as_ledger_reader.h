// Reading ledger.db. As root this happens in a child that became the account that owns it (DESIGN 8): the
// file was written by a process that strangers talk to, so root does not parse it, and leaves no files that
// would stop the writer.
#pragma once

#include "config/config.h"
#include "knockmgr/as_ledger_owner.h"
#include "store/ledger.h"

#include <filesystem>
#include <functional>
#include <string>

namespace otk::knockmgr {

// Opens the ledger for reading and returns what `work` returns, which may print; nothing it changes in memory
// comes back. Throws Error, as root only for what happens before the work: the child prints its own and the
// result is 1.
[[nodiscard]] int as_ledger_reader(const Places& where, const std::function<int(const Ledger&)>& work,
                                   Relay relay = Relay::text);

// Likewise, but brings a text back. The one who gets it must read it as something that may be wrong in any
// way.
[[nodiscard]] std::string fetched_from_ledger(const Places& where,
                                              const std::function<std::string(const Ledger&)>& work);

// Likewise, while this process does something else: see beside_ledger_owner. The work opens the ledger
// itself.
[[nodiscard]] int beside_ledger_reader(const Places& where, const LedgerWork& work, int kept,
                                       const std::function<void()>& meanwhile);

} // namespace otk::knockmgr
