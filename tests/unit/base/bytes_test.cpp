#include "base/bytes.h"

#include <algorithm>
#include <array>
#include <doctest/doctest.h>

namespace otk {

namespace {

constexpr std::array<std::uint8_t, 8> bytes{0x01, 0x02, 0x83, 0x04, 0xFF, 0x06, 0x07, 0x08};

} // namespace

TEST_CASE("reader: takes what is there, in order, and looks at the bytes themselves") {
    Reader reader(bytes);
    const auto first = reader.take(3);
    REQUIRE(first);
    CHECK(first->data() == bytes.data()); // a view, no copy
    CHECK(first->size() == 3);
    CHECK(reader.size() == 5);
    CHECK(reader.rest().data() == bytes.data() + 3);
    CHECK(reader.take(0)->empty());
    CHECK(reader.skip(5));
    CHECK(reader.empty());
    CHECK(reader.take(0));
}

TEST_CASE("reader: more than there is takes nothing and moves nothing") {
    Reader reader(bytes);
    REQUIRE(reader.skip(1));
    for (const std::size_t size : {std::size_t{8}, std::size_t{9}, ~std::size_t{0}}) {
        CAPTURE(size);
        CHECK_FALSE(reader.take(size));
        CHECK_FALSE(reader.skip(size));
        CHECK(reader.size() == 7);
    }
}

TEST_CASE("reader: integers are big-endian, and one that is cut off takes nothing") {
    Reader reader(bytes);
    CHECK(reader.u8() == 0x01);
    CHECK(reader.u16() == 0x0283);
    CHECK(reader.u32() == 0x04FF0607U);
    CHECK_FALSE(reader.u16());
    CHECK_FALSE(reader.u32());
    CHECK(reader.size() == 1);
    CHECK(reader.u8() == 0x08);
    CHECK_FALSE(reader.u8());
}

TEST_CASE("reader: a length field can only shrink the view") {
    Reader reader(bytes);
    reader.shrink_to(100);
    CHECK(reader.size() == bytes.size());
    reader.shrink_to(2);
    CHECK(reader.size() == 2);
    reader.shrink_to(8);
    CHECK(reader.size() == 2);
    CHECK_FALSE(reader.u32());
    CHECK(reader.u16() == 0x0102);
    reader.shrink_to(0);
    CHECK(reader.empty());
}

TEST_CASE("bytes: the same memory under both names") {
    const std::string_view text = "\x00\xFFz";
    const std::string_view with_zero("\x00\xFFz", 3);
    CHECK(as_bytes(text).empty()); // a literal ends at its first zero; that is the caller's matter
    CHECK(as_bytes(with_zero).size() == 3);
    CHECK(as_bytes(with_zero)[1] == 0xFF);
    CHECK(as_text(as_bytes(with_zero)) == with_zero);
    CHECK(as_text(as_bytes(with_zero)).data() == with_zero.data());
}

} // namespace otk
