#include "net/request_shape.h"

#include <doctest/doctest.h>
#include <vector>

namespace otk {

namespace {

std::vector<std::uint8_t> message(std::size_t size, std::uint8_t type) {
    std::vector<std::uint8_t> bytes(size, 0);
    if (size > type_offset) bytes[type_offset] = type;
    return bytes;
}

std::vector<std::uint8_t> signed_message(std::size_t argument, std::size_t said) {
    auto bytes = message(smallest_signed_knock + argument, signed_knock_type);
    bytes[42] = static_cast<std::uint8_t>(said >> 8);
    bytes[43] = static_cast<std::uint8_t>(said);
    return bytes;
}

} // namespace

TEST_CASE("a signed knock has the size that its length field says") {
    CHECK(smallest_signed_knock == 108);
    CHECK(largest_signed_knock == 364);
    for (const std::size_t argument : {0U, 1U, 255U, 256U}) {
        CHECK(looks_signed(signed_message(argument, argument)));
        CHECK_FALSE(looks_signed(signed_message(argument, argument + 1)));
        CHECK_FALSE(looks_signed(signed_message(argument + 1, argument)));
        CHECK_FALSE(looks_signed(signed_message(argument, argument + 256)));
    }
    CHECK_FALSE(looks_signed(signed_message(257, 257)));
    CHECK_FALSE(looks_signed({}));
    for (std::size_t size = 0; size < smallest_signed_knock; ++size)
        CHECK_FALSE(looks_signed(message(size, signed_knock_type)));
}

TEST_CASE("a dynamic request has one size") {
    CHECK(dynamic_request_size == 172);
    CHECK(looks_like_dynamic_request(message(172, dynamic_request_type)));
    CHECK_FALSE(looks_like_dynamic_request(message(171, dynamic_request_type)));
    CHECK_FALSE(looks_like_dynamic_request(message(173, dynamic_request_type)));
    CHECK_FALSE(looks_like_dynamic_request({}));
}

TEST_CASE("a dynamic question gives its id") {
    auto question = message(89, dynamic_question_type);
    for (std::uint8_t i = 0; i < 16; ++i)
        question[i] = static_cast<std::uint8_t>(i + 1);
    CHECK(id_of_dynamic_question(question) ==
          DynamicId{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
    CHECK_FALSE(id_of_dynamic_question(message(88, dynamic_question_type)));
    CHECK_FALSE(id_of_dynamic_question(message(90, dynamic_question_type)));
    CHECK_FALSE(id_of_dynamic_question(message(89, dynamic_answer_type)));
    CHECK_FALSE(id_of_dynamic_question({}));
}

TEST_CASE("no message has the shape of another") {
    for (unsigned type = 0; type < 256; ++type) {
        const auto byte = static_cast<std::uint8_t>(type);
        CHECK(looks_signed(message(smallest_signed_knock, byte)) == (type == 1));
        CHECK(looks_like_dynamic_request(message(dynamic_request_size, byte)) == (type == 2));
        CHECK(id_of_dynamic_question(message(dynamic_message_size, byte)).has_value() == (type == 3));
    }
}

} // namespace otk
