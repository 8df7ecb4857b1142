// Work on the ledger's folder. As root it happens in a child that became the account that owns it (DESIGN 8):
// the files there were written by a process that strangers talk to, so root neither parses nor makes any.
#pragma once

#include "config/config.h"
#include "knockmgr/ledger_child.h"
#include "store/ledger.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace otk::knockmgr {

// How root says what such a child prints. It may have been taken over, so but for `bytes` no character passes
// that a terminal obeys.
enum class Relay : std::uint8_t { text, report, bytes }; // by print, by report, by print

// Gives `work` the ledger's file name, as it must use it, and returns what it returns; it may print. Nothing
// that it changes in memory comes back. Throws Error, as root only for what happens before the work: the
// child prints its own and the result is 1.
[[nodiscard]] int as_ledger_owner(const Places& where, const LedgerWork& work, Relay relay = Relay::text);

// Likewise, but brings a text back, so the work must print nothing. The one who gets it must read it as
// something that may be wrong in any way.
[[nodiscard]] std::string
fetched_as_ledger_owner(const Places& where,
                        const std::function<std::string(const std::filesystem::path& ledger)>& work);

// Works in a child in any case, also without root, while this process calls `meanwhile` at least every tenth
// of a second until the child has ended; it must not throw. The child keeps one descriptor. Returns what
// `work` returned.
[[nodiscard]] int beside_ledger_owner(const Places& where, const LedgerWork& work, int kept,
                                      const std::function<void()>& meanwhile);

// An empty ledger of that id, by the account that will write it, so that every file SQLite makes beside it is
// its own from the start. Throws Error, also where there is a ledger.
void create_ledger(const Places& where, const LedgerId& id);

} // namespace otk::knockmgr
