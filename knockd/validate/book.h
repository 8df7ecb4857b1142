// All live chains in memory: which image belongs to which grant (DESIGN 4 step 1). For a million of them, so
// it is small: 48 bytes a chain in a row, and two indices of 4-byte places.
#pragma once

#include "base/clock.h"
#include "knockd/validate/keyed_hash.h"
#include "knockd/validate/place_index.h"
#include "otp/algorithm.h"
#include "otp/chain.h"
#include "otp/token.h"
#include "otp/value.h"
#include "policy/model.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

namespace otk {

// Which chain it is, as one book knows it: a keyed digest of the 32 bytes of its id. Two chains have the same
// one by a chance of one in 2^64, and nobody who does not know the book's key can do better than chance. It
// serves to notice that a grant has got another chain; the id itself is in policy.db.
enum class ChainMark : std::uint64_t {};

// One chain as it stands.
struct Entry {
    GrantId grant{};
    Time last_used{}; // of its newest knock, accepted or refused; the epoch: never
    ChainMark chain{};
    Count count = 0;
    Value image; // the value at `count`: the next knock hashes to it
    Algorithm algorithm{};
    bool enabled = true; // of the grant
    friend bool operator==(const Entry&, const Entry&) = default;
};

class Book {
  public:
    // A grant with so many knocks left, or fewer, will run out soon (running_out()). Throws Error.
    explicit Book(Count few) : key_(random_hash_key()), few_(few) {}
    Book() : Book(0) {}

    [[nodiscard]] ChainMark mark_of(const ChainId& chain) const { return ChainMark{keyed_hash(key_, chain)}; }

    // Makes an empty book of these, of which each has another grant: several times as fast as putting in one
    // after the other.
    void fill(std::deque<Entry> entries);
    // Puts in a chain, or replaces the grant's former one.
    void put(const Entry& entry);
    void remove(GrantId grant);
    // Valid until the book changes.
    [[nodiscard]] const Entry* find(Algorithm algorithm, const Value& image) const;
    [[nodiscard]] const Entry* find(GrantId grant) const;
    // The other enabled grants that stand at the same image as this enabled one: then none of them accepts
    // (DESIGN 3). Policy refuses an image that was ever seen, so chains meet by accident or by a broken hash
    // only.
    [[nodiscard]] std::vector<GrantId> sharing_image_of(const Entry& entry) const;
    void advance(GrantId grant, const Value& image, Count count, Time last_used);

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    // Enabled grants whose users need new knocks; kept up to date, so that asking costs nothing.
    struct RunningOut {
        std::size_t few = 0;  // 1 to `few` knocks left
        std::size_t none = 0; // the last one was used
    };
    [[nodiscard]] const RunningOut& running_out() const { return running_out_; }
    void each(const std::function<void(const Entry&)>& visit) const;
    // Grants for which `wanted` says true.
    [[nodiscard]] std::vector<GrantId> select(const std::function<bool(const Entry&)>& wanted) const;

  private:
    using Position = PlaceIndex::Position;
    static constexpr Position nowhere = PlaceIndex::most;

    [[nodiscard]] static std::uint64_t hash_of(GrantId grant);
    [[nodiscard]] std::uint64_t hash_of(const Value& image) const { return keyed_hash(key_, image.view()); }
    [[nodiscard]] Position position_of(GrantId grant) const; // or nowhere
    [[nodiscard]] std::size_t* tally_of(const Entry& entry); // the number that it is counted in; or none
    void count_in(const Entry& entry);
    void count_out(const Entry& entry);
    void index_image(Position position);
    void unindex_image(Position position);
    void index_grant(Position position);
    void unindex_grant(Position position);
    // Visits the entries that stand at this image, until `visit` says true.
    template <typename Visit>
    void each_at(Algorithm algorithm, const Value& image, const Visit& visit) const;

    HashKey key_;
    Count few_;
    RunningOut running_out_;
    std::deque<Entry> entries_; // grows without being moved
    PlaceIndex by_image_;
    PlaceIndex by_grant_;
};

} // namespace otk
