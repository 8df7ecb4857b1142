// The values that are not valid any more: the last 65,536 of them (DESIGN 4).

#include "knockd/validate/memory.h"
#include "tests/store/support.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

namespace {

Known known(std::uint64_t which, Count count = 1) {
    Known made;
    made.kind = Known::Kind::spent;
    made.algorithm = Algorithm::sha256;
    made.value = start_of(Algorithm::sha256, which);
    made.count = count;
    return made;
}

struct Filling {
    Memory memory;
    std::vector<Value> forgotten;
    void add(const Known& each) {
        memory.add(each, [this](const Known& gone) { forgotten.push_back(gone.value); });
    }
    [[nodiscard]] bool has(std::uint64_t which) {
        return memory.find(Algorithm::sha256, start_of(Algorithm::sha256, which)) != nullptr;
    }
};

} // namespace

TEST_CASE("what was added is found, for its own algorithm only") {
    Filling f;
    Known md5 = known(1);
    md5.algorithm = Algorithm::md5;
    md5.value = start_of(Algorithm::md5, 1);
    f.add(md5);
    CHECK(f.memory.find(Algorithm::md5, md5.value) != nullptr);
    CHECK(f.memory.find(Algorithm::sha1, md5.value) == nullptr);
    CHECK_FALSE(f.has(1));
}

TEST_CASE("a value that is known is replaced and keeps its place") {
    Filling f;
    f.add(known(1, 10));
    f.add(known(2, 20));
    f.add(known(1, 11));
    CHECK(f.memory.size() == 2);
    CHECK(f.memory.find(Algorithm::sha256, known(1).value)->count == 11);
    std::vector<Count> order;
    f.memory.each([&order](const Known& each) { order.push_back(each.count); });
    CHECK(order == std::vector<Count>{11, 20});
}

TEST_CASE("the oldest is forgotten when the memory is full, and told") {
    Filling f;
    for (std::uint64_t i = 0; i < Memory::capacity; ++i)
        f.add(known(i));
    CHECK(f.memory.size() == 65'536);
    CHECK(f.forgotten.empty());
    f.add(known(5)); // there already: nobody has to go
    CHECK(f.forgotten.empty());

    for (std::uint64_t i = 0; i < 100; ++i) {
        f.add(known(Memory::capacity + i));
        REQUIRE(f.forgotten.size() == i + 1);
        CHECK(f.forgotten.back() == known(i).value);
        CHECK_FALSE(f.has(i));
        CHECK(f.has(Memory::capacity + i));
    }
    CHECK(f.memory.size() == Memory::capacity);
    std::uint64_t place = 100;
    bool in_order = true;
    f.memory.each([&](const Known& each) { in_order = in_order && each.value == known(place++).value; });
    CHECK(in_order);
    CHECK(place == Memory::capacity + 100);
}

TEST_CASE("what is taken back leaves no trace, and makes room") {
    Filling f;
    for (std::uint64_t i = 0; i < Memory::capacity; ++i)
        f.add(known(i));
    for (std::uint64_t i = 0; i < 10; ++i)
        f.memory.remove(Algorithm::sha256, known(Memory::capacity - 1 - i).value);
    f.memory.remove(Algorithm::sha256, known(1'000'000).value); // not there
    CHECK(f.memory.size() == Memory::capacity - 10);
    CHECK_FALSE(f.has(Memory::capacity - 1));
    for (std::uint64_t i = 0; i < 10; ++i)
        f.add(known(2'000'000 + i));
    CHECK(f.forgotten.empty());
    CHECK(f.has(0));
    f.add(known(3'000'000));
    CHECK(f.forgotten == std::vector<Value>{known(0).value});
}
