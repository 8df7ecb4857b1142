// How a profile is shown.
#pragma once

#include "knockgen/next_number.h"
#include "knockgen/profiles.h"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace otk {

// One line each, with their names above; reads the state of each.
[[nodiscard]] std::string table_of(const std::vector<NamedProfile>& profiles);
// All of one, and the line that it was made from.
[[nodiscard]] std::string description_of(const NamedProfile& profile, const ChainState& state);
[[nodiscard]] nlohmann::ordered_json json_of(const NamedProfile& profile, const ChainState& state);

// "udp, icmp, dns", as far as the server takes them.
[[nodiscard]] std::string carriers_of(const Profile& profile);

} // namespace otk
