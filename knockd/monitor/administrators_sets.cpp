#include "knockd/monitor/administrators_sets.h"

#include "base/promise.h"
#include "knockd/journal.h"

#include <utility>

#include <fmt/format.h>

namespace otk {

AdministratorsSets::AdministratorsSets(RulesetWatch& watch, SetNames names, Doors doors) :
    watch_(watch), doors_(std::move(doors)), sets_(std::move(names)) {
    checked_ = watch_.generation();
    known_ = watch_.sets(sets_.names().table);
}

void AdministratorsSets::open(const Door& door, std::chrono::milliseconds how_long) {
    if (sets_.add(door, how_long) == DoorSets::Added::done) return;
    throw Error(fmt::format("there is no set {} in the table inet {}: add the lines that `knockmgr command "
                            "show` prints to your ruleset",
                            set_name(sets_.names(), door.address, door.prefix), sets_.names().table));
}

void AdministratorsSets::close(const Door& door) { sets_.remove(door); }

void AdministratorsSets::check() {
    const std::uint32_t generation = watch_.generation();
    if (generation == checked_) return;
    const RulesetWatch::Sets found = watch_.sets(sets_.names().table);
    if (found != known_) {
        std::size_t opened = 0;
        for (const OpenDoor& one : doors_()) {
            const std::string name = set_name(sets_.names(), one.door.address, one.door.prefix);
            const auto set = found.find(name);
            const auto before = known_.find(name);
            const bool anew = set != found.end() && (before == known_.end() || before->second != set->second);
            if (anew && sets_.add(one.door, one.left) == DoorSets::Added::done) ++opened;
        }
        if (opened > 0) {
            journal("knockd",
                    fmt::format("the sets of table inet {} were made anew; doors opened again: {}",
                                sets_.names().table, opened),
                    Priority::notice);
        }
        known_ = found;
    }
    checked_ = generation;
}

} // namespace otk
