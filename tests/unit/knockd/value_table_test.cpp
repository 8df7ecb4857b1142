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
using ExpectedTable = std::map<Named, std::uint8_t>;

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

void change(ValueTable& table, ExpectedTable& model, const Named& named, bool add, ValueTable::Mark mark) {
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

void compare(const ValueTable& table, const ExpectedTable& model, const std::vector<Named>& pool) {
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
    ExpectedTable model;
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

// Values that all have their home in the last bucket of the table and the first: most stand in buckets behind
// theirs, some of them round the end, and nearly every removal has to fetch one back. With the secret 0 the
// upper bits of a short value are those of its hash, which say where its home is.
TEST_CASE("values that crowd round the end of the table are all found, whatever is removed") {
    constexpr std::size_t buckets = 32; // of a table that has not grown
    std::mt19937_64 random(21);
    std::vector<Named> pool;
    while (pool.size() < 150) {
        const std::uint64_t word = random();
        const std::uint64_t home = word / (UINT64_MAX / buckets + 1);
        if (home != 0 && home != buckets - 1) continue;
        std::array<std::uint8_t, 8> bytes{};
        std::memcpy(bytes.data(), &word, sizeof word);
        pool.emplace_back(Algorithm::sha1, Value(bytes));
    }
    ValueTable table(0);
    const std::size_t memory = table.memory();
    ExpectedTable model;
    for (int i = 0; i < 20'000; ++i) {
        change(table, model, pool[random() % pool.size()], random() % 100 < 60, ValueTable::is_image);
        if (i % 10 == 0) compare(table, model, pool);
    }
    REQUIRE(model.size() > 2 * 32); // so there were more than their buckets hold
    REQUIRE(table.memory() == memory);
}

TEST_CASE("the question that comes first never says no to what is there") {
    std::mt19937_64 random(51);
    ValueTable table(random());
    const auto key_of = [](const Value& value) {
        ValueTable::Key key{};
        std::memcpy(key.data(), value.view().data(), value.size());
        return key;
    };
    std::vector<Named> pool = pool_of(random, 30'000);
    for (const auto& [algorithm, value] : pool)
        table.add(algorithm, value, ValueTable::is_image);
    std::size_t gone = 0;
    while (gone < pool.size()) { // while it is full, and then ever emptier
        for (std::size_t i = gone; i < pool.size(); ++i)
            REQUIRE(table.maybe(table.prefetch(key_of(pool[i].second))));
        for (const std::size_t end = std::min(pool.size(), gone + 2'000); gone < end; ++gone)
            table.remove(pool[gone].first, pool[gone].second, ValueTable::is_image);
    }
    for (const auto& [algorithm, value] : pool)
        REQUIRE_FALSE(table.maybe(table.prefetch(key_of(value))));
}

TEST_CASE("it says no to nearly all that is not there") {
    std::mt19937_64 random(61);
    ValueTable table(random());
    for (int i = 0; i < 100'000; ++i)
        table.add(Algorithm::sha256, random_value(random, Algorithm::sha256), ValueTable::is_image);
    int wrong = 0;
    constexpr int questions = 100'000;
    for (int i = 0; i < questions; ++i)
        wrong += table.maybe(table.prefetch({random(), random()})) ? 1 : 0;
    CHECK(wrong < questions / 12);
}

TEST_CASE("the memory fits what is in the table, and clear() gives it back") {
    std::mt19937_64 random(71);
    ValueTable table(random());
    const std::size_t empty = table.memory();
    for (std::size_t i = 1; i <= 100'000; ++i) {
        table.add(Algorithm::sha256, random_value(random, Algorithm::sha256), ValueTable::is_image);
        REQUIRE(table.memory() <= std::max(empty, 32 * i));
    }
    table.clear();
    CHECK(table.memory() == empty);
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
