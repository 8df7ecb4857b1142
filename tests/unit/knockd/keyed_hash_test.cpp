// SipHash-2-4, by the test vectors of its paper and of its authors' reference (key 00 01 ... 0f, input 00 01
// ... of growing length).

#include "knockd/validate/keyed_hash.h"

#include <doctest/doctest.h>

#include <vector>

using namespace otk;

TEST_CASE("the keyed hash is SipHash-2-4") {
    const HashKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
    std::vector<std::uint8_t> input;
    const auto next = [&] {
        const std::uint64_t hash = keyed_hash(key, input);
        input.push_back(static_cast<std::uint8_t>(input.size()));
        return hash;
    };
    std::vector<std::uint64_t> hashes;
    while (input.size() < 16)
        hashes.push_back(next());
    CHECK(hashes[0] == 0x726fdb47dd0e0e31);
    CHECK(hashes[1] == 0x74f839c593dc67fd);
    CHECK(hashes[8] == 0x93f5f5799a932462);
    CHECK(hashes[15] == 0xa129ca6149be45e5);
}

TEST_CASE("every key is another one, and so is every hash") {
    const HashKey one = random_hash_key();
    const HashKey other = random_hash_key();
    CHECK(one != other);
    const std::vector<std::uint8_t> bytes(16, 7);
    CHECK(keyed_hash(one, bytes) == keyed_hash(one, bytes));
    CHECK(keyed_hash(one, bytes) != keyed_hash(other, bytes));
}
