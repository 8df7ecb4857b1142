// Fills a policy.db with the users and grants of chains.h, quickly: one transaction, straight SQL, and yet
// just the rows that PolicyStore would have written (populate_test.cpp compares them).
#pragma once

#include "base/clock.h"
#include "chains.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace otk {

struct Population {
    std::uint64_t grants = 0;
    LoadChains chains;
    std::string command = "load"; // exists
    std::string who = "root";     // as the change table names whoever did it
    Time at{};
};

// Adds users load0 to load<grants - 1>, with one grant each. `file` is a policy.db that nobody else has open.
// Throws Error where there is no such command, or a user of that name, or no such file. A crash in the middle
// leaves a file of no use.
void populate(const std::filesystem::path& file, const Population& population);

} // namespace otk
