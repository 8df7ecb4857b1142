#include "knockd/monitor/redirections.h"

#include "base/promise.h"
#include "firewall/nft.h"
#include "knockd/journal.h"

#include <utility>

namespace otk {

namespace {

constexpr unsigned looks_before_removal = 60;

} // namespace

Redirections::Redirections(RulesetWatch& watch, Standing standing) :
    watch_(watch), standing_(std::move(standing)), maps_(forward_maps()) {
    forget_earlier(watch_);
    table_ = watch_.table(forward_table);
    made_ = table_.handle != 0;
    checked_ = watch_.generation();
}

// Connections live without the elements that made them, but not without the table.
void Redirections::forget_earlier(RulesetWatch& watch) {
    if (watch.table(forward_table).handle != 0) run_nft(forward_maps_emptied());
}

void Redirections::write() {
    run_nft(forward_ruleset_anew(standing_()));
    checked_ = watch_.generation();
    table_ = watch_.table(forward_table);
    made_ = true;
}

void Redirections::add(const Door& door, std::uint16_t to, std::chrono::milliseconds how_long) {
    if (maps_.add(door, to, how_long) == DoorSets::Added::done) {
        idle_looks_ = 0;
        return;
    }
    write();
    if (maps_.add(door, to, how_long) == DoorSets::Added::no_table)
        throw Error("the table inet otk_forward vanished while it was made; who changes the ruleset?");
}

void Redirections::remove(const Door& door) { maps_.remove_redirection(door); }

void Redirections::check() {
    if (!made_) return;
    const std::uint32_t generation = watch_.generation();
    if (generation == checked_) return;
    if (watch_.table(forward_table) != table_) {
        made_ = false;
        if (standing_().empty()) return;
        write();
        journal("knockd", "the table inet otk_forward was lost and is back with its redirections",
                Priority::warning);
    }
    checked_ = generation;
}

void Redirections::look_after() {
    check();
    if (!made_) return;
    if (!standing_().empty()) {
        idle_looks_ = 0;
        return;
    }
    if (++idle_looks_ < looks_before_removal) return;
    idle_looks_ = 0;
    if (translated_connections()) return;
    run_nft(without_table(forward_table));
    made_ = false;
}

} // namespace otk
