#pragma once

namespace otk::test {

// Each tries many random sequences and returns whether all went as the model says.
[[nodiscard]] bool policy_store_is_like_its_model();
[[nodiscard]] bool ledger_is_like_its_model();

} // namespace otk::test
