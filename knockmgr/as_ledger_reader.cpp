#include "knockmgr/as_ledger_reader.h"

#include "knockmgr/as_ledger_owner.h"
#include "knockmgr/installation.h"

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

void check_present(const Places& where) {
    if (is_there(where.ledger_db)) return;
    check_installed(where);
    throw Error(fmt::format("{}: the ledger is missing; put the newest copy back, or run `knockmgr restore`. "
                            "Without it nobody can say which "
                            "knocks are spent, and knockd accepts none",
                            where.ledger_db.string()));
}

} // namespace

int as_ledger_reader(const Places& where, const std::function<int(const Ledger&)>& work, Relay relay) {
    check_present(where);
    return as_ledger_owner(
        where, [&](const std::filesystem::path& ledger) { return work(Ledger::open_for_reading(ledger)); },
        relay);
}

std::string fetched_from_ledger(const Places& where, const std::function<std::string(const Ledger&)>& work) {
    check_present(where);
    return fetched_as_ledger_owner(
        where, [&](const std::filesystem::path& ledger) { return work(Ledger::open_for_reading(ledger)); });
}

int beside_ledger_reader(const Places& where, const LedgerWork& work, int kept,
                         const std::function<void()>& meanwhile) {
    check_present(where);
    return beside_ledger_owner(where, work, kept, meanwhile);
}

} // namespace otk::knockmgr
