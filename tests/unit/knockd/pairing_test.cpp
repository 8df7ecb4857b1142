// Each packet comes from both rings, in any mixture: the first is handed out, the second is not.

#include "knockd/capture/pairing.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <random>

using namespace otk;
using From = Pairing::From;

namespace {

constexpr std::uint64_t key = 0x0123456789abcdef;

std::vector<std::uint8_t> frame(std::uint32_t number, std::size_t size = 58) {
    std::vector<std::uint8_t> bytes(size, 0x5a);
    for (std::size_t i = 0; i < 4 && i < size; ++i)
        bytes[size - 1 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return bytes;
}

} // namespace

TEST_CASE("whichever ring comes first, its frame is handed out and its twin is not") {
    Pairing pairing(key);
    for (const auto& [first, second] :
         {std::pair{From::early, From::blocks}, std::pair{From::blocks, From::early}}) {
        CHECK(pairing.is_first(first, frame(1), true));
        CHECK_FALSE(pairing.is_first(second, frame(1), true));
        CHECK(pairing.is_first(second, frame(1), true)); // a third one is a packet of its own
        CHECK_FALSE(pairing.is_first(first, frame(1), true));
    }
}

TEST_CASE("every byte and the length tell frames apart") {
    for (const std::size_t size : {1U, 7U, 8U, 9U, 58U, 64U, 1500U}) {
        CAPTURE(size);
        Pairing pairing(key);
        const auto original = frame(1, size);
        REQUIRE(pairing.is_first(From::early, original, true));
        for (std::size_t i = 0; i < size; ++i) {
            auto other = original;
            other[i] ^= 0x80;
            CHECK(pairing.is_first(From::blocks, other, false));
        }
        auto longer = original;
        longer.push_back(0);
        CHECK(pairing.is_first(From::blocks, longer, false));
        CHECK_FALSE(pairing.is_first(From::blocks, original, false));
    }
}

TEST_CASE(
    "what the kernel leaves unwritten in a cooked header tells no frames apart; what is behind it does") {
    for (const auto& [link, header] :
         {std::pair{LinkType::linux_cooked2, 20}, std::pair{LinkType::linux_cooked, 14}}) {
        const auto at = static_cast<std::size_t>(header);
        const auto original = frame(1, 64);
        auto other = original;
        other[at - 1] ^= 0xff; // the end of an address of eight bytes
        const auto same = [link = link](const auto& a, const auto& b) {
            const Bytes one = same_in_both(link, a);
            const Bytes two = same_in_both(link, b);
            return std::equal(one.begin(), one.end(), two.begin(), two.end());
        };
        CHECK(same(original, other));
        other[at] ^= 0xff;
        CHECK_FALSE(same(original, other));
        CHECK(same_in_both(link, Bytes(original).first(at - 1)).empty());
    }
    CHECK(same_in_both(LinkType::ethernet, frame(1, 64)).size() == 64);
}

TEST_CASE("equal frames are counted: as many as one ring brought are skipped in the other") {
    Pairing pairing(key);
    for (int i = 0; i < 3; ++i)
        CHECK(pairing.is_first(From::early, frame(1), true));
    for (int i = 0; i < 3; ++i)
        CHECK_FALSE(pairing.is_first(From::blocks, frame(1), true));
    CHECK(pairing.is_first(From::blocks, frame(1), true));
}

TEST_CASE("what is not to be remembered has no twin") {
    Pairing pairing(key);
    CHECK(pairing.is_first(From::blocks, frame(1), false));
    CHECK(pairing.is_first(From::early, frame(1), true));
    CHECK_FALSE(pairing.is_first(From::blocks, frame(1), false));
}

TEST_CASE("a twin may come one ageing later; after the second it is a packet of its own") {
    Pairing pairing(key);
    CHECK(pairing.is_first(From::early, frame(1), true));
    CHECK(pairing.is_first(From::early, frame(2), true));
    pairing.age();
    CHECK_FALSE(pairing.is_first(From::blocks, frame(1), true));
    pairing.age();
    CHECK(pairing.is_first(From::blocks, frame(2), true));
}

TEST_CASE("beyond its room it hands out both, and ageing makes room again") {
    Pairing pairing(key);
    for (std::uint32_t i = 0; i < Pairing::most + 100; ++i)
        CHECK(pairing.is_first(From::early, frame(i), true));
    std::size_t doubled = 0;
    for (std::uint32_t i = 0; i < Pairing::most + 100; ++i)
        doubled += pairing.is_first(From::blocks, frame(i), false) ? 1U : 0U;
    CHECK(doubled == 100);
    pairing.age();
    CHECK(pairing.is_first(From::early, frame(1), true));
    CHECK_FALSE(pairing.is_first(From::blocks, frame(1), true));
}

TEST_CASE("two rings read in any mixture give every packet once and in order") {
    for (std::uint32_t seed = 1; seed <= 50; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        Pairing pairing(key * seed);
        std::deque<std::uint32_t> early;
        std::deque<std::uint32_t> blocks;
        std::vector<std::uint32_t> handed_out;
        const auto read = [&](std::deque<std::uint32_t>& ring, From from) {
            for (std::size_t most = random() % 8; most > 0 && !ring.empty(); --most) {
                if (pairing.is_first(from, frame(ring.front()), true)) handed_out.push_back(ring.front());
                ring.pop_front();
            }
        };
        constexpr std::uint32_t packets = 1000;
        for (std::uint32_t next = 0; next < packets || !early.empty() || !blocks.empty();) {
            for (std::size_t more = random() % 6; more > 0 && next < packets; --more, ++next) {
                early.push_back(next);
                blocks.push_back(next);
            }
            read(early, From::early);
            read(blocks, From::blocks);
        }
        CHECK(handed_out.size() == packets);
        CHECK(std::is_sorted(handed_out.begin(), handed_out.end()));
    }
}
