// Which knock, if any, is found in a packet (DESIGN 4).

#include "knockd/capture/screen.h"
#include "otp/chain.h"
#include "tests/unit/knockd/algorithms.h"

#include <doctest/doctest.h>

#include <random>
#include <vector>

using namespace otk;
using otk::test::every_algorithm;

namespace {

ChainSecret chain(Algorithm algorithm, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    return ChainSecret::generate(algorithm, [&random](MutableBytes bytes) {
        for (std::uint8_t& byte : bytes)
            byte = static_cast<std::uint8_t>(random());
    });
}

Candidate raw(Bytes bytes) {
    Candidate candidate;
    candidate.shape = Shape::raw;
    candidate.bytes = bytes;
    return candidate;
}

Candidates only(const Candidate& candidate) {
    Candidates candidates;
    candidates.add(candidate);
    return candidates;
}

// One packet at a time; screen_batch_test.cpp has many.
class OneByOne {
  public:
    OneByOne(const ValueTable& table, std::uint8_t algorithms, unsigned window) :
        screen_(table, algorithms, window) {}
    [[nodiscard]] std::optional<Found> find(const Candidates& candidates) const {
        Screen screen = screen_;
        if (!screen.add(candidates)) {
            CHECK(screen.waiting() == 0);
            return std::nullopt;
        }
        const auto found = screen.find();
        REQUIRE(found.size() == 1);
        return found[0];
    }

  private:
    Screen screen_;
};

// A table with one image: the value of the chain at 100.
struct Screening {
    Algorithm algorithm;
    ChainSecret secret;
    ValueTable table{99};
    explicit Screening(Algorithm chosen = Algorithm::sha256, std::uint64_t seed = 1) :
        algorithm(chosen), secret(chain(chosen, seed)) {
        table.add(algorithm, secret.at(100), ValueTable::is_image);
    }
    std::optional<Found> find(const Value& value, unsigned window = 10,
                              std::uint8_t algorithms = every_algorithm) {
        return OneByOne(table, algorithms, window).find(only(raw(value.view())));
    }
};

} // namespace

TEST_CASE("the window's border is exact, for every algorithm") {
    for (const Algorithm algorithm : all_algorithms) {
        for (const unsigned window : {1U, 10U, 64U}) {
            CAPTURE(name_of(algorithm));
            CAPTURE(window);
            Screening s(algorithm);
            for (unsigned steps = 1; steps <= window; ++steps) {
                const auto found = s.find(s.secret.at(100 - steps), window);
                REQUIRE(found);
                CHECK(found->steps == steps);
                CHECK(found->algorithm == algorithm);
                CHECK(found->value == s.secret.at(100 - steps));
                CHECK(found->named.empty());
            }
            CHECK_FALSE(s.find(s.secret.at(100 - window - 1), window));
            CHECK_FALSE(s.find(s.secret.at(100), window)); // the image itself is no knock
            CHECK_FALSE(s.find(s.secret.at(101), window)); // nor is what came before it
        }
    }
}

TEST_CASE("noise is not found") {
    Screening s;
    std::mt19937_64 random(5);
    for (int i = 0; i < 200; ++i) {
        std::array<std::uint8_t, 16> bytes{};
        for (std::uint8_t& byte : bytes)
            byte = static_cast<std::uint8_t>(random());
        CHECK_FALSE(s.find(Value(bytes)));
        CHECK_FALSE(s.find(Value(Bytes(bytes).first(8))));
    }
    CHECK_FALSE(OneByOne(s.table, every_algorithm, 10).find({}));
}

TEST_CASE("the start of a chain is found: only validate knows the counts") {
    Screening s;
    ValueTable table(3);
    table.add(Algorithm::sha256, s.secret.at(1), ValueTable::is_image);
    const Value start = s.secret.at(0);
    const auto found = OneByOne(table, every_algorithm, 10).find(only(raw(start.view())));
    REQUIRE(found);
    CHECK(found->steps == 1);
}

TEST_CASE("an algorithm that is not wanted never matches") {
    for (const Algorithm algorithm : all_algorithms) {
        Screening s(algorithm);
        const Value knock = s.secret.at(99);
        CHECK(s.find(knock, 10, bit(algorithm)));
        CHECK_FALSE(s.find(knock, 10, static_cast<std::uint8_t>(every_algorithm & ~bit(algorithm))));
        CHECK_FALSE(s.find(knock, 10, 0));
        s.table.add(algorithm, knock, ValueTable::is_known);
        CHECK_FALSE(s.find(knock, 10, static_cast<std::uint8_t>(every_algorithm & ~bit(algorithm))));
    }
}

TEST_CASE("an image of another algorithm does not count") {
    Screening s(Algorithm::sha1);
    ValueTable table(4);
    table.add(Algorithm::md5, s.secret.at(100), ValueTable::is_image);
    const Value knock = s.secret.at(99);
    CHECK_FALSE(OneByOne(table, every_algorithm, 10).find(only(raw(knock.view()))));
}

TEST_CASE("the nearest step wins, in whatever order the places of a packet come") {
    Screening s;
    const ChainSecret other = chain(Algorithm::sha256, 2);
    s.table.add(Algorithm::sha256, other.at(50), ValueTable::is_image);
    const Value far = s.secret.at(97); // 3 steps
    const Value near = other.at(49);   // 1 step
    for (const bool far_first : {true, false}) {
        Candidates candidates;
        candidates.add(raw((far_first ? far : near).view()));
        candidates.add(raw((far_first ? near : far).view()));
        const auto found = OneByOne(s.table, every_algorithm, 10).find(candidates);
        REQUIRE(found);
        CHECK(found->steps == 1);
        CHECK(found->value == near);
    }
}

TEST_CASE("the nearest step wins among algorithms, too") {
    std::array<std::uint8_t, 8> bytes{1, 2, 3, 4, 5, 6, 7, 8};
    const Value value(bytes);
    for (const Algorithm near : {Algorithm::md4, Algorithm::md5, Algorithm::sha1}) {
        ValueTable table(5);
        for (const Algorithm each : {Algorithm::md4, Algorithm::md5, Algorithm::sha1})
            table.add(each, walk(each, value, each == near ? 2 : 4), ValueTable::is_image);
        const auto found = OneByOne(table, every_algorithm, 10).find(only(raw(bytes)));
        REQUIRE(found);
        CHECK(found->algorithm == near);
        CHECK(found->steps == 2);
    }
}

TEST_CASE("of several images on one way the first one counts") {
    Screening s;
    s.table.add(Algorithm::sha256, s.secret.at(98), ValueTable::is_image);
    CHECK(s.find(s.secret.at(96))->steps == 2);
}

TEST_CASE("a known value wins over any image") {
    Screening s;
    const ChainSecret other = chain(Algorithm::sha256, 2);
    const Value known = other.at(70);
    const Value fresh = s.secret.at(99);
    s.table.add(Algorithm::sha256, known, ValueTable::is_known);
    for (const bool known_first : {true, false}) {
        Candidates candidates;
        candidates.add(raw((known_first ? known : fresh).view()));
        candidates.add(raw((known_first ? fresh : known).view()));
        const auto found = OneByOne(s.table, every_algorithm, 10).find(candidates);
        REQUIRE(found);
        CHECK(found->steps == 0);
        CHECK(found->value == known);
    }
    // The knock spent last is known and, at the same time, one step before nothing and itself an image.
    s.table.add(Algorithm::sha256, fresh, ValueTable::is_image);
    s.table.add(Algorithm::sha256, fresh, ValueTable::is_known);
    CHECK(s.find(fresh)->steps == 0);
    CHECK(s.find(s.secret.at(98))->steps == 1);
}

TEST_CASE("a raw value stands at the front of what is longer, unless it must be all of it") {
    for (const Algorithm algorithm : {Algorithm::sha256, Algorithm::sha1}) {
        Screening s(algorithm);
        const Value knock = s.secret.at(99);
        const OneByOne screen(s.table, every_algorithm, 10);
        std::vector<std::uint8_t> bytes(knock.view().begin(), knock.view().end());
        for (const bool whole : {false, true}) {
            Candidate candidate = raw(bytes);
            candidate.whole = whole;
            CHECK(screen.find(only(candidate)));
        }
        std::vector<std::uint8_t> longer = bytes;
        longer.push_back(0);
        Candidate candidate = raw(longer);
        CHECK(screen.find(only(candidate)));
        candidate.whole = true;
        CHECK_FALSE(screen.find(only(candidate)));
        candidate = raw(Bytes(bytes).first(bytes.size() - 1));
        CHECK_FALSE(screen.find(only(candidate)));
    }
}

TEST_CASE("a value with an address behind it is for 64-bit chains only") {
    const Address named = *Address::parse("203.0.113.9");
    for (const Algorithm algorithm : all_algorithms) {
        Screening s(algorithm);
        const Value knock = s.secret.at(98);
        Candidate candidate = raw(knock.view());
        candidate.only_64_bit = true;
        candidate.named = named;
        const auto found = OneByOne(s.table, every_algorithm, 10).find(only(candidate));
        CHECK(found.has_value() == (algorithm != Algorithm::sha256));
        if (found) CHECK(found->named == named);
    }
}

TEST_CASE("every text form of a knock is found, with the address it names") {
    for (const Algorithm algorithm : all_algorithms) {
        Screening s(algorithm);
        const Value knock = s.secret.at(98);
        const OneByOne screen(s.table, every_algorithm, 10);
        for (const TextForm form : {TextForm::words, TextForm::hex, TextForm::base32}) {
            for (const std::string& text : {format_value(knock, form), format_compact(knock, form)}) {
                CAPTURE(text);
                const auto found = screen.find(udp_candidates(as_bytes(text)));
                REQUIRE(found);
                CHECK(found->algorithm == algorithm);
                CHECK(found->steps == 2);
                CHECK(found->value == knock);
                const std::string with_address = text + " 2001:db8::7\n";
                const auto named = screen.find(udp_candidates(as_bytes(with_address)));
                REQUIRE(named);
                CHECK(named->named == *Address::parse("2001:db8::7"));
                CHECK_FALSE(
                    OneByOne(s.table, static_cast<std::uint8_t>(every_algorithm & ~bit(algorithm)), 10)
                        .find(udp_candidates(as_bytes(text))));
            }
            const std::string label = format_compact(knock, form);
            const auto found = screen.find(dns_candidates(label));
            // Twelve words may be too long for a label; all else fits.
            if (label.size() <= 63) REQUIRE(found);
            if (found) CHECK(found->value == knock);
        }
    }
}

TEST_CASE("a ping's pattern is found at every offset that pings use") {
    for (const std::size_t offset : {0U, 8U, 16U, 24U}) {
        Screening s;
        const Value knock = s.secret.at(99);
        std::vector<std::uint8_t> payload(offset, 0x80);
        payload.insert(payload.end(), knock.view().begin(), knock.view().end());
        payload.insert(payload.end(), knock.view().begin(), knock.view().end());
        const auto found = OneByOne(s.table, every_algorithm, 10).find(icmp_candidates(payload));
        CAPTURE(offset);
        REQUIRE(found);
        CHECK(found->value == knock);
    }
}
