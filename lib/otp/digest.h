// The digests below a chain. Inside lib/otp only.
//
// They are libcrypto's low-level functions, not EVP: one step is one call of the compression function on one
// padded block, which halves its cost on the path that every packet of a flood takes. They read no
// configuration file, fetch nothing and keep no state, so they work the same in every sandbox, and MD4 needs
// no legacy provider.
#pragma once

#include "base/bytes.h"
#include "otp/algorithm.h"
#include "otp/value.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>

namespace otk {

// The raw, unfolded digest: 16 bytes of md4 and md5, 20 of sha1, 32 of sha256; the tail is zero.
struct Digest {
    std::array<std::uint8_t, 32> bytes{};
    std::size_t size = 0;
    [[nodiscard]] Bytes view() const { return Bytes(bytes).first(size); }
};

// Of the pieces, one after the other. Leaves nothing of them in memory but the result.
[[nodiscard]] Digest digest_of(Algorithm algorithm, std::initializer_list<Bytes> pieces);

// To the value of a chain: RFC 2289 Appendix A for the 64-bit algorithms, the first 16 bytes for sha256.
[[nodiscard]] Value fold(Algorithm algorithm, const Digest& digest);

// So many times fold(digest_of(value)), by the short way: one call of the compression function each, no
// allocation. value.size() is value_size(algorithm).
[[nodiscard]] Value walk_blocks(Algorithm algorithm, const Value& value, std::uint32_t steps);

// A value that walks along its chain and is looked at after each step. For many values that walk side by
// side: the processor works on the steps of several at once, where those of one value have to wait for each
// other.
class Walker {
  public:
    Walker() = default;                                  // stands nowhere: begin() comes first
    void begin(Algorithm algorithm, const Value& value); // value.size() is value_size(algorithm)
    void step();

    // The value it stands at: its bytes as they lie in memory, zeros behind them.
    [[nodiscard]] std::array<std::uint64_t, 2> words() const {
        std::array<std::uint64_t, 2> words{};
        std::memcpy(words.data(), block_.data(), sizeof words);
        if (algorithm_ != Algorithm::sha256) words[1] = 0;
        return words;
    }
    [[nodiscard]] Algorithm algorithm() const { return algorithm_; }

  private:
    std::array<std::uint8_t, 64> block_; // what the next step hashes: the value and its padding
    Algorithm algorithm_;
};

} // namespace otk
