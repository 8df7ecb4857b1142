#include "knockd/validate/keyed_hash.h"

#include "base/promise.h"
#include "base/random.h"

#include <bit>
#include <cstring>

namespace otk {

namespace {

// The paper's four words of state; the constants are its own ("somepseudorandomlygeneratedbytes").
struct State {
    std::uint64_t v0, v1, v2, v3;

    explicit State(const HashKey& key) :
        v0(key[0] ^ 0x736f6d6570736575), v1(key[1] ^ 0x646f72616e646f6d), v2(key[0] ^ 0x6c7967656e657261),
        v3(key[1] ^ 0x7465646279746573) {}

    void round() {
        v0 += v1;
        v2 += v3;
        v1 = std::rotl(v1, 13) ^ v0;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 = std::rotl(v0, 32) + v3;
        v2 += v1;
        v3 = std::rotl(v3, 21) ^ v0;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }

    void take(std::uint64_t word) {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
    }

    std::uint64_t finish() {
        v2 ^= 0xff;
        for (int each = 0; each < 4; ++each)
            round();
        return v0 ^ v1 ^ v2 ^ v3;
    }
};

} // namespace

HashKey random_hash_key() {
    std::array<std::uint8_t, sizeof(HashKey)> bytes{};
    system_random(bytes);
    HashKey key{};
    std::memcpy(key.data(), bytes.data(), sizeof key);
    return key;
}

std::uint64_t keyed_hash(const HashKey& key, Bytes bytes) {
    promise(bytes.size() < 256, "a short digest is of short things");
    State state(key);
    const std::size_t size = bytes.size();
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), sizeof word); // little-endian, as the machines that we run on
        state.take(word);
    }
    std::uint64_t last = static_cast<std::uint64_t>(size) << 56U;
    for (std::size_t byte = 0; byte < bytes.size(); ++byte)
        last |= static_cast<std::uint64_t>(bytes[byte]) << (8 * byte);
    state.take(last);
    return state.finish();
}

} // namespace otk
