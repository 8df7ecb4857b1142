// Many packets screened in step must give what one after the other gives: compared with a model that hashes
// and looks up in the plainest way.

#include "knockd/capture/screen.h"
#include "otp/chain.h"
#include "tests/unit/knockd/algorithms.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace otk;
using otk::test::every_algorithm;

namespace {

// What DESIGN 4 says of one packet, with maps and without haste.
struct Model {
    std::map<std::pair<Algorithm, Value>, std::uint8_t> marks;
    std::uint8_t algorithms;
    unsigned window;

    [[nodiscard]] bool has(Algorithm algorithm, const Value& value, ValueTable::Mark mark) const {
        const auto found = marks.find({algorithm, value});
        return found != marks.end() && (found->second & mark) != 0;
    }
    void try_value(Algorithm algorithm, const Value& value, const Address& named,
                   std::optional<Found>& best) const {
        if (has(algorithm, value, ValueTable::is_known)) {
            best = Found{algorithm, 0, value, named};
            return;
        }
        for (unsigned steps = 1; steps <= window; ++steps) {
            if (best && best->steps <= steps) return;
            if (!has(algorithm, walk(algorithm, value, steps), ValueTable::is_image)) continue;
            best = Found{algorithm, static_cast<std::uint8_t>(steps), value, named};
        }
    }
    void try_candidate(const Candidate& candidate, Algorithm algorithm, std::optional<Found>& best) const {
        const std::size_t size = value_size(algorithm);
        if (candidate.shape == Shape::raw) {
            const bool fits =
                candidate.whole ? candidate.bytes.size() == size : candidate.bytes.size() >= size;
            if (fits && (size == 8 || !candidate.only_64_bit))
                try_value(algorithm, Value(candidate.bytes.first(size)), candidate.named, best);
        }
    }
    [[nodiscard]] std::optional<Found> find(const Candidates& candidates) const {
        std::optional<Found> best;
        for (const Candidate& candidate : candidates) {
            for (const Algorithm algorithm : all_algorithms) {
                if (algorithms & bit(algorithm)) try_candidate(candidate, algorithm, best);
            }
            if (candidate.shape == Shape::raw) continue;
            const auto source = candidate.shape == Shape::label ? TextSource::dns_label : TextSource::line;
            for (const Reading& reading : read_value(as_text(candidate.bytes), source, algorithms)) {
                for (const Algorithm algorithm : all_algorithms) {
                    if (reading.algorithms & bit(algorithm))
                        try_value(algorithm, reading.value, candidate.named, best);
                }
            }
        }
        return best;
    }
};

class Mix {
  public:
    Mix(std::uint64_t seed, std::uint8_t algorithms, unsigned window) :
        random_(seed), table_(random_()), model_{{}, algorithms, window} {
        for (int i = 0; i < 60; ++i)
            pool_.push_back(random_value(all_algorithms[random_() % all_algorithms.size()]));
        for (int i = 0; i < 80; ++i)
            mark_something();
    }

    // Rounds of packets, each of which is screened as a whole, with changes between them.
    void run(int rounds) {
        Screen screen(table_, model_.algorithms, model_.window);
        for (int round = 0; round < rounds; ++round) {
            std::vector<std::optional<Found>> expected;
            const std::size_t size = 1 + random_() % Screen::most_packets;
            while (screen.waiting() < size && !screen.full())
                add_packet(screen, expected);
            most_waited_ = std::max(most_waited_, screen.waiting());
            const auto found = screen.find();
            REQUIRE(found.size() == expected.size());
            for (std::size_t i = 0; i < found.size(); ++i)
                compare(found[i], expected[i]);
            REQUIRE(screen.waiting() == 0);
            mark_something();
        }
    }
    [[nodiscard]] int knowns() const { return knowns_; }
    [[nodiscard]] int images() const { return images_; }
    [[nodiscard]] int noise() const { return noise_; }
    [[nodiscard]] std::size_t most_waited() const { return most_waited_; }

  private:
    Value random_value(Algorithm algorithm) {
        std::array<std::uint8_t, largest_value> bytes{};
        for (std::uint8_t& byte : bytes)
            byte = static_cast<std::uint8_t>(random_());
        return Value(Bytes(bytes).first(value_size(algorithm)));
    }
    Value some_value() { return pool_[random_() % pool_.size()]; }

    // A value of the pool becomes known or is so no longer, or what it leads to becomes an image.
    void mark_something() {
        const Value value = some_value();
        const Algorithm algorithm = value.size() == 16 ? Algorithm::sha256 : all_algorithms[random_() % 3];
        const bool known = random_() % 3 == 0;
        const Value marked =
            known ? value : walk(algorithm, value, static_cast<Count>(1 + random_() % (model_.window + 3)));
        const auto mark = known ? ValueTable::is_known : ValueTable::is_image;
        std::uint8_t& marks = model_.marks[{algorithm, marked}];
        if (random_() % 4 == 0) {
            table_.remove(algorithm, marked, mark);
            marks = static_cast<std::uint8_t>(marks & ~static_cast<unsigned>(mark));
        } else {
            table_.add(algorithm, marked, mark);
            marks |= mark;
        }
    }

    void add_packet(Screen& screen, std::vector<std::optional<Found>>& expected) {
        std::vector<std::uint8_t> bytes;
        const auto append = [&bytes](Bytes more) { bytes.insert(bytes.end(), more.begin(), more.end()); };
        const auto form = std::array{TextForm::hex, TextForm::base32, TextForm::words}[random_() % 3];
        Candidates candidates;
        switch (random_() % 6) {
        case 0: // as it is
            append(some_value().view());
            candidates = udp_candidates(bytes);
            break;
        case 1: // a ping with several values, at all its offsets
            for (int i = 0; i < 5; ++i)
                append(some_value().view());
            candidates = icmp_candidates(bytes);
            break;
        case 2: { // a text with an address
            const std::string text = format_value(some_value(), form) + " 192.0.2.77\n";
            append(as_bytes(text));
            candidates = udp_candidates(bytes);
            break;
        }
        case 3: { // a label
            const std::string label = format_compact(some_value(), form);
            append(as_bytes(label));
            candidates = dns_candidates(as_text(bytes));
            break;
        }
        case 4: // a value and an address
            append(some_value().view().first(8));
            append(some_value().view().first(4));
            candidates = icmp_candidates(bytes);
            break;
        default: // noise
            append(random_value(Algorithm::sha256).view());
            candidates = udp_candidates(bytes);
        }
        const std::size_t before = screen.waiting();
        const auto best = model_.find(candidates);
        if (screen.add(candidates)) {
            expected.push_back(best);
        } else {
            REQUIRE(screen.waiting() == before);
            REQUIRE_FALSE(best);
        }
        bytes.assign(bytes.size(), 0); // the packet's bytes do not last
    }

    void compare(const std::optional<Found>& found, const std::optional<Found>& expected) {
        REQUIRE(found.has_value() == expected.has_value());
        if (!found) {
            ++noise_;
            return;
        }
        REQUIRE(found->algorithm == expected->algorithm);
        REQUIRE(found->steps == expected->steps);
        REQUIRE(found->value == expected->value);
        REQUIRE(found->named == expected->named);
        ++(found->steps == 0 ? knowns_ : images_);
    }

    std::mt19937_64 random_;
    ValueTable table_;
    Model model_;
    std::vector<Value> pool_;
    int knowns_ = 0;
    int images_ = 0;
    int noise_ = 0;
    std::size_t most_waited_ = 0;
};

} // namespace

TEST_CASE("packets that are screened together are judged like one after the other") {
    constexpr std::uint8_t sha256_only = bit(Algorithm::sha256);
    constexpr std::uint8_t two = bit(Algorithm::md5) | bit(Algorithm::sha256);
    std::uint64_t seed = 100;
    for (const std::uint8_t algorithms : {sha256_only, two, every_algorithm}) {
        for (const unsigned window : {1U, 3U, 10U, 64U}) {
            CAPTURE(++seed);
            CAPTURE(window);
            Mix mix(seed, algorithms, window);
            mix.run(300);
            CHECK(mix.knowns() > 50);
            CHECK(mix.images() > 50);
            CHECK(mix.noise() > 50);
            if (algorithms == sha256_only) CHECK(mix.most_waited() == Screen::most_packets);
        }
    }
}

TEST_CASE("there is room for the packets with the most readings") {
    std::array<std::uint8_t, 56> ping{}; // four offsets, each a value of every algorithm
    std::mt19937_64 random(3);
    for (std::uint8_t& byte : ping)
        byte = static_cast<std::uint8_t>(random());
    const std::string text = "ADD FED BE A DADE BAD"; // six words, and 16 hex digits
    const ValueTable table(1);
    Screen screen(table, every_algorithm, 2);
    std::size_t packets = 0;
    for (; !screen.full(); ++packets) {
        const bool even = packets % 2 == 0;
        REQUIRE(screen.add(even ? icmp_candidates(ping) : udp_candidates(as_bytes(text))));
    }
    CHECK(packets >= 4);
    CHECK(packets < Screen::most_packets); // so there were more values than packets
    CHECK(screen.find().size() == packets);
}
