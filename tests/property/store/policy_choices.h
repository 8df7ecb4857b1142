// Commands and rules of all kinds, each chosen by a number; for the model of PolicyStore.
#pragma once

#include "store/policy_store.h"

#include <string>

namespace otk::test {

// Every fifth number has the same kind; a close command ends `closes`.
[[nodiscard]] Command command_of(const std::string& name, int choice, CommandId closes);
// Every fourth number asks for AddressRule::claim, which only a forward command may have.
[[nodiscard]] GrantRules rules_of(int choice);

[[nodiscard]] bool same(const Command& a, const Command& b); // in every field
[[nodiscard]] bool same(const GrantRules& a, const GrantRules& b);

} // namespace otk::test
