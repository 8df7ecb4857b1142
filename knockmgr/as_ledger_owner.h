// Work on the ledger's folder. As root it happens in a child that became the account that owns it (DESIGN 8):
// the files there were written by a process that strangers talk to, so root neither parses nor makes any.
#pragma once

#include "config/config.h"
#include "store/ledger.h"

#include <filesystem>
#include <functional>
#include <string>

namespace otk::knockmgr {

// Gives `work` the ledger's file name, as it must use it, and returns what it returns; it may print. Nothing
// that it changes in memory comes back. The child inherits open files: hold no policy open for change. Throws
// Error, as root only for what happens before the work: the child prints its own and the result is 1.
[[nodiscard]] int as_ledger_owner(const Places& where,
                                  const std::function<int(const std::filesystem::path& ledger)>& work);

// Likewise, but brings a text back. The one who gets it must read it as something that may be wrong in any
// way.
[[nodiscard]] std::string
fetched_as_ledger_owner(const Places& where,
                        const std::function<std::string(const std::filesystem::path& ledger)>& work);

// Works in a child in any case, also without root, while this process calls `meanwhile` about every tenth of
// a second until the child has ended; it must not throw. Returns what `work` returned.
[[nodiscard]] int beside_ledger_owner(const Places& where,
                                      const std::function<int(const std::filesystem::path& ledger)>& work,
                                      const std::function<void()>& meanwhile);

// As root the child sees the ledger's folder as the root directory: names the file as everybody else knows
// it.
[[nodiscard]] std::string with_whole_path(std::string message, const Places& where);

// An empty ledger of that id, by the account that will write it, so that every file SQLite makes beside it is
// its own from the start. Throws Error, also where there is a ledger.
void create_ledger(const Places& where, const LedgerId& id);

} // namespace otk::knockmgr
