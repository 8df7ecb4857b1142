// How often each value came without the signature that its grant demands (DESIGN 4 step 3). The ledger has
// the count, as rows that survive a restart; this remembers it, and also what could not be written down.
#pragma once

#include "otp/value.h"
#include "store/ledger.h"

#include <cstddef>
#include <unordered_map>

namespace otk {

class Attempts {
  public:
    // The one with this number spends the value: so no more signature checks follow one value.
    static constexpr unsigned most = 8;

    explicit Attempts(const Ledger& ledger) : ledger_(ledger) {} // outlives it

    // Throw Error when the ledger cannot be read.
    [[nodiscard]] unsigned of(const Value& value);
    // One more, whose number is returned. It counts here also when its row is rolled back, so that a disk
    // that is full does not let in more checks.
    unsigned add(const Value& value);

  private:
    // Values that are looked at lately; what is forgotten is read from the ledger again.
    static constexpr std::size_t most_remembered = 4096;

    const Ledger& ledger_;
    std::unordered_map<Value, unsigned, ValueHash> known_;
};

} // namespace otk
