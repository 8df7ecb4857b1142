// The words of alerts (DESIGN 10) that stand in otk.toml: kinds for `on`, tokens for `command`.
#pragma once

#include "policy/argv.h"

#include <array>
#include <string_view>

namespace otk {

// In the order of AlertKind (knockd/monitor/alerts.h).
inline constexpr std::array<std::string_view, 14> alert_kind_names{
    "used",      "replay",         "late",        "contested",   "refused",     "silence",       "few-left",
    "exhausted", "old-passphrase", "interrupted", "flood-begun", "flood-ended", "child-crashed", "guard-lost",
};

inline constexpr std::array alert_tokens{
    Token{"{alert}", "OTK_ALERT"},     Token{"{user}", "OTK_USER"},
    Token{"{command}", "OTK_COMMAND"}, Token{"{carrier}", "OTK_CARRIER"},
    Token{"{source}", "OTK_SOURCE"},   Token{"{address}", "OTK_ADDRESS"},
    Token{"{text}", "OTK_TEXT"},       Token{"{held_back}", "OTK_HELD_BACK"},
};

} // namespace otk
