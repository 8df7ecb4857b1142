// The rules of a grant as options of the command line, as text and as JSON (DESIGN 10).
#pragma once

#include "base/clock.h"
#include "knockmgr/output.h"
#include "knockmgr/subcommand.h"
#include "policy/model.h"

namespace otk::knockmgr {

// --address, --claims, --named-within, --from, --carriers, --hours, --zone, --per-hour, --per-day,
// --not-before, --expires; and for grants with a public key --plain, --no-plain, --clock, --no-clock, --isn.
[[nodiscard]] const std::vector<Option>& rule_options();
[[nodiscard]] bool has_rule_options(const Invocation& invocation);
// What is given replaces what was; `any` and `none` clear. Throws UsageError for what cannot be read, and for
// rules that no knock for the command could ever fulfil.
void apply_rule_options(const Invocation& invocation, const Command& command, Time now, GrantRules& rules);
// Throws UsageError where an option or the command needs signed knocks and the chain has no public key, and
// where an option says nothing for the command. When the chain is known, after the former.
void check_signing_options(const Invocation& invocation, const Command& command, bool has_key);

// `has_key`: the chain was enrolled with a public key; without one the rules of signed knocks mean nothing.
// With `now` shown in the time zone of the hours.
void add_rules(Fields& fields, const GrantRules& rules, bool has_key, Time now);
[[nodiscard]] Json json_of(const GrantRules& rules, bool has_key);
// One line for a listing: only what differs from the default; "-" when nothing does.
[[nodiscard]] std::string rules_line(const GrantRules& rules, bool has_key);

// Whether the hours of the rules, if there are any, let a knock pass now. False also where this system does
// not know their time zone.
[[nodiscard]] bool within_hours(const GrantRules& rules, Time now);

} // namespace otk::knockmgr
