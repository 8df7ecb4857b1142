// The values that have been spent or jumped over, so that they are recognised when they come again (DESIGN 4
// step 2).
#pragma once

#include "base/clock.h"
#include "net/address.h"
#include "net/knock.h"
#include "otp/algorithm.h"
#include "otp/value.h"
#include "store/ledger.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <unordered_map>

namespace otk {

// One value that is not valid any more.
struct Known {
    enum class Kind : std::uint8_t { spent, late } kind{};
    Algorithm algorithm{};
    Value value;
    RowNumber row{}; // of the knock that spent it or jumped over it
    GrantId grant{};
    ChainId chain{};
    Count count = 0; // its number
    Carrier carrier{};
    Address source; // of the knock that spent it
    Address named;
    Time last_seen{}; // of its acceptance, or of the last duplicate in the series
    Time reported{};  // when the newest replay or late row was made; the epoch: never
    bool contested = false;
};

// The value, and then those that it jumped over, which are late: its images in order, the nearest first. Of a
// chain that an administrator moved far forward no more than `most_jumped`, so that one request does not push
// out of memory what all others have spent.
inline constexpr Count most_jumped = 4096;
void each_with_jumped(const Known& known, Count jumped, const std::function<void(const Known&)>& visit);

class Memory {
  public:
    static constexpr std::size_t capacity = 65'536; // DESIGN 4

    // Remembers; forgets the oldest when full and hands it to `forgotten`. A value that is known already is
    // replaced.
    void add(const Known& known, const std::function<void(const Known&)>& forgotten);
    void remove(Algorithm algorithm, const Value& value);
    [[nodiscard]] Known* find(Algorithm algorithm, const Value& value);
    [[nodiscard]] const Known* find(Algorithm algorithm, const Value& value) const;
    void each(const std::function<void(const Known&)>& visit) const; // oldest first
    [[nodiscard]] std::size_t size() const { return known_.size(); }

  private:
    struct Key {
        Algorithm algorithm;
        Value value;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const { return ValueHash{}(key.value); }
    };
    std::unordered_map<Key, Known, KeyHash> known_;
    std::deque<Key> order_; // oldest first; may name values that were removed
};

} // namespace otk
