// The table that capture looks values up in, against a map that cannot be wrong.

#include "knockd/capture/value_table.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <utility>
#include <vector>

using namespace otk;

namespace {

using Named = std::pair<Algorithm, Value>;
using Model = std::map<Named, std::uint8_t>;

Value random_value(std::mt19937_64& random, Algorithm algorithm) {
    std::array<std::uint8_t, largest_value> bytes{};
    for (std::uint8_t& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    return Value(Bytes(bytes).first(value_size(algorithm)));
}

// A pool to draw from, so that adding twice and removing what is there both happen often.
std::vector<Named> pool_of(std::mt19937_64& random, std::size_t size) {
    std::vector<Named> pool;
    while (pool.size() < size) {
        const Algorithm algorithm = all_algorithms[random() % all_algorithms.size()];
        const Value value = random_value(random, algorithm);
        pool.emplace_back(algorithm, value);
        // The same eight bytes as values of all three short algorithms: they share a slot, not a meaning.
        if (value.size() != 8) continue;
        for (const Algorithm other : {Algorithm::md4, Algorithm::md5, Algorithm::sha1})
            if (other != algorithm) pool.emplace_back(other, value);
    }
    return pool;
}

void change(ValueTable& table, Model& model, const Named& named, bool add, ValueTable::Mark mark) {
    if (add) {
        table.add(named.first, named.second, mark);
        model[named] = static_cast<std::uint8_t>(model[named] | mark);
        return;
    }
    table.remove(named.first, named.second, mark);
    const auto known = model.find(named);
    if (known == model.end()) return;
    known->second = static_cast<std::uint8_t>(known->second & ~static_cast<unsigned>(mark));
    if (known->second == 0) model.erase(known);
}

void compare(const ValueTable& table, const Model& model, const std::vector<Named>& pool) {
    REQUIRE(table.size() == model.size());
    const auto differs = [&](const Named& named) {
        const auto known = model.find(named);
        return table.find(named.first, named.second) != (known == model.end() ? 0 : known->second);
    };
    REQUIRE(std::none_of(pool.begin(), pool.end(), differs));
}

// Random changes, with `adds` of a hundred being additions.
void run(std::uint64_t seed, std::size_t pool_size, int changes, unsigned adds) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const std::vector<Named> pool = pool_of(random, pool_size);
    ValueTable table(random());
    Model model;
    for (int i = 0; i < changes; ++i) {
        const Named& named = pool[random() % pool.size()];
        const auto mark = random() % 2 == 0 ? ValueTable::is_image : ValueTable::is_known;
        change(table, model, named, random() % 100 < adds, mark);
        if (i % 1000 == 0) compare(table, model, pool);
    }
    compare(table, model, pool);
    // Now everything goes, one by one, and what is left stays findable.
    while (!model.empty()) {
        const auto [named, marks] = *model.begin();
        for (const auto mark : {ValueTable::is_image, ValueTable::is_known})
            if (marks & mark) change(table, model, named, false, mark);
        if (model.size() % 500 == 0) compare(table, model, pool);
    }
    compare(table, model, pool);
}

} // namespace

TEST_CASE("the table does what a map does, in its smallest size") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed)
        run(seed, 400, 10'000, 50);
}

TEST_CASE("the table does what a map does while it grows several times") {
    for (std::uint64_t seed = 11; seed <= 13; ++seed)
        run(seed, 12'000, 40'000, 70);
}

// Values that all have their home in a few neighbouring slots, the last of the table among them: every
// removal has to close a gap, and some gaps reach round the end. The key is 0, so that the homes can be
// computed here.
TEST_CASE("a gap is closed in crowds and round the end of the table") {
    const auto home = [](std::uint64_t word) {
        std::uint64_t hash = word * 0x9e3779b97f4a7c15;
        hash ^= hash >> 32;
        return hash & 1023;
    };
    std::mt19937_64 random(21);
    std::vector<Named> pool;
    while (pool.size() < 60) {
        const std::uint64_t word = random();
        if (const auto slot = home(word); slot < 1018 && slot > 4) continue;
        std::array<std::uint8_t, 8> bytes{};
        std::memcpy(bytes.data(), &word, sizeof word);
        pool.emplace_back(Algorithm::sha1, Value(bytes));
    }
    ValueTable table(0);
    Model model;
    for (int i = 0; i < 5000; ++i) {
        change(table, model, pool[random() % pool.size()], random() % 2 == 0, ValueTable::is_image);
        compare(table, model, pool);
    }
}

TEST_CASE("one value can be an image and known at once") {
    std::mt19937_64 random(31);
    const Value value = random_value(random, Algorithm::sha256);
    ValueTable table(7);
    table.add(Algorithm::sha256, value, ValueTable::is_image);
    table.add(Algorithm::sha256, value, ValueTable::is_known);
    CHECK(table.size() == 1);
    CHECK(table.find(Algorithm::sha256, value) == (ValueTable::is_image | ValueTable::is_known));
    table.remove(Algorithm::sha256, value, ValueTable::is_image);
    CHECK(table.find(Algorithm::sha256, value) == ValueTable::is_known);
    table.remove(Algorithm::sha256, value, ValueTable::is_image); // not there
    CHECK(table.find(Algorithm::sha256, value) == ValueTable::is_known);
    table.remove(Algorithm::sha256, value, ValueTable::is_known);
    CHECK(table.find(Algorithm::sha256, value) == 0);
    CHECK(table.size() == 0);
}

TEST_CASE("after clear nothing is there, also when it had grown") {
    std::mt19937_64 random(41);
    std::vector<Value> values;
    ValueTable table(random());
    for (int i = 0; i < 5000; ++i) {
        values.push_back(random_value(random, Algorithm::sha256));
        table.add(Algorithm::sha256, values.back(), ValueTable::is_known);
    }
    table.clear();
    CHECK(table.size() == 0);
    for (const Value& value : values)
        REQUIRE(table.find(Algorithm::sha256, value) == 0);
    table.add(Algorithm::sha256, values[0], ValueTable::is_image);
    CHECK(table.find(Algorithm::sha256, values[0]) == ValueTable::is_image);
}
