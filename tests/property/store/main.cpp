// Random sequences against simple models. rapidcheck prints the seed and the shrunk sequence of a failure.

#include "tests/property/store/properties.h"

int main() {
    const bool policy = otk::test::policy_store_is_like_its_model();
    const bool ledger = otk::test::ledger_is_like_its_model();
    return policy && ledger ? 0 : 1;
}
