// All live chains in memory: which image belongs to which grant (DESIGN 4 step 1).
#pragma once

#include "base/clock.h"
#include "otp/algorithm.h"
#include "otp/chain.h"
#include "otp/token.h"
#include "otp/value.h"
#include "policy/model.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

namespace otk {

// One chain as it stands.
struct Entry {
    GrantId grant{};
    ChainId chain{};
    Algorithm algorithm{};
    Value image; // the value at `count`: the next knock hashes to it
    Count count = 0;
    bool enabled = true; // of the grant
    Time last_used{};    // of its newest knock, accepted or refused; the epoch: never
};

class Book {
  public:
    // Puts in a chain, or replaces the grant's former one.
    void put(const Entry& entry);
    void remove(GrantId grant);
    [[nodiscard]] const Entry* find(Algorithm algorithm, const Value& image) const;
    [[nodiscard]] const Entry* find(GrantId grant) const;
    // The other enabled grants that stand at the same image as this enabled one: then none of them accepts
    // (DESIGN 3). Policy refuses an image that was ever seen, so chains meet by accident or by a broken hash
    // only.
    [[nodiscard]] std::vector<GrantId> sharing_image_of(const Entry& entry) const;
    void advance(GrantId grant, const Value& image, Count count, Time last_used);

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    void each(const std::function<void(const Entry&)>& visit) const;
    // Grants for which `wanted` says true.
    [[nodiscard]] std::vector<GrantId> select(const std::function<bool(const Entry&)>& wanted) const;

  private:
    struct Image {
        Algorithm algorithm;
        Value value;
        friend bool operator==(const Image&, const Image&) = default;
    };
    struct ImageHash {
        std::size_t operator()(const Image& image) const { return ValueHash{}(image.value); }
    };
    void index(const Entry& entry);
    void unindex(const Entry& entry);

    std::unordered_map<GrantId, Entry> entries_;
    std::unordered_multimap<Image, GrantId, ImageHash> by_image_;
};

} // namespace otk
