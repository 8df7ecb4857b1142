// How often each value came without the signature that its grant demands (DESIGN 4 step 3). The ledger has
// the count, as rows that survive a restart; this remembers it, and also what could not be written down.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "otp/digest.h"
#include "otp/value.h"
#include "store/ledger.h"

#include <chrono>
#include <cstddef>
#include <unordered_map>
#include <vector>

namespace otk {

class Attempts {
  public:
    // The one with this number spends the value: so no more signature checks follow one value.
    static constexpr unsigned most = 8;
    // Within this time the same bytes are not looked at again: it is one request that comes again and again.
    static constexpr std::chrono::seconds same_for{60};
    // Looks whose rows could not be written (a full disk) count no longer than this: a right request shall
    // not be kept out by wrong ones that nobody can show. So a full disk lets in eight checks in this time.
    static constexpr std::chrono::seconds lost_for{10};

    explicit Attempts(const Ledger& ledger) : ledger_(ledger) {} // outlives it

    // In the ledger, those of the batch at hand included. Throws Error when it cannot be read, like add().
    [[nodiscard]] unsigned of(const Value& value);
    // One more look may be taken: with those whose rows were lost there are fewer than `most`.
    [[nodiscard]] bool may_look(const Value& value, Time now);
    // These bytes were looked at in vain a moment ago.
    [[nodiscard]] bool seen(const Value& value, Bytes request, Time now) const;
    // One more in vain, whose number is returned. `request`: empty, it came plain.
    unsigned add(const Value& value, Bytes request, Time now);

    // A batch begins; it was committed, with rows or without; its rows are lost.
    void begin() { added_.clear(); }
    void committed(bool with_rows);
    void roll_back(Time now);

  private:
    // Values that are looked at lately; what is forgotten is read from the ledger again.
    static constexpr std::size_t most_remembered = 4096;

    struct Look {
        Digest request; // SHA-256: whoever sends requests chooses their bytes
        Time at{};
    };
    struct Written {
        unsigned count = 0;
        std::vector<Look> looks; // at most `most`
    };
    struct Lost {
        unsigned count = 0;
        Time at{}; // of the last one
    };
    [[nodiscard]] Written& remembered(const Value& value);

    const Ledger& ledger_;
    std::unordered_map<Value, Written, ValueHash> written_;
    std::unordered_map<Value, Lost, ValueHash> lost_;
    std::vector<Value> added_; // in the batch at hand
};

} // namespace otk
