// The rules of a grant as options of the command line, as text and as JSON (DESIGN 10).
#pragma once

#include "base/clock.h"
#include "knockmgr/output.h"
#include "knockmgr/subcommand.h"
#include "policy/model.h"

namespace otk::knockmgr {

// --address, --named-within, --from, --carriers, --not-before, --expires.
[[nodiscard]] const std::vector<Option>& rule_options();
[[nodiscard]] bool has_rule_options(const Invocation& invocation);
// What is given replaces what was; `any` and `none` clear. Throws UsageError for what cannot be read, and for
// rules that nothing could ever fulfil.
void apply_rule_options(const Invocation& invocation, Time now, GrantRules& rules);

void add_rules(Fields& fields, const GrantRules& rules);
[[nodiscard]] Json json_of(const GrantRules& rules);
// One line for a listing: only what differs from the default; "-" when nothing does.
[[nodiscard]] std::string rules_line(const GrantRules& rules);

} // namespace otk::knockmgr
