// What whoever repeats a knock over dns is told.

#include "knockd/capture/confirmations.h"

#include "otp/text_form.h"
#include "tests/unit/knockd/algorithms.h"

#include <doctest/doctest.h>

#include <cstring>

using namespace otk;
using otk::test::every_algorithm;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::nanoseconds start = 1000s;
constexpr Time noon{1'800'000'000s};

// Looks like the output of a hash function, and is another one for each number.
Value value(std::uint64_t number, std::size_t size = 16) {
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < 2; ++i) {
        const std::uint64_t mixed = (number + 1) * 0x9e3779b97f4a7c15 * (2 * i + 1);
        std::memcpy(bytes.data() + 8 * i, &mixed, sizeof mixed);
    }
    return Value(Bytes(bytes).first(size));
}

message::Confirm confirm(const Value& value, std::string_view text, Time deadline = {}) {
    message::Confirm made;
    made.algorithm = value.size() == 8 ? Algorithm::md5 : Algorithm::sha256;
    made.value = value;
    made.text = message::Text<40>::of(text);
    made.deadline = to_nanoseconds(deadline);
    return made;
}

struct Asking {
    Confirmations confirmations{every_algorithm};
    void add(const message::Confirm& confirm, std::chrono::nanoseconds now = start) {
        confirmations.add(confirm, now);
    }
    std::string label(const std::string& label, std::chrono::nanoseconds now = start, Time wall = noon) {
        return std::string(confirmations.about(dns_candidates(label), now, wall).view());
    }
    std::string about(const Value& value, std::chrono::nanoseconds now = start, Time wall = noon) {
        return label(format_compact(value, TextForm::base32), now, wall);
    }
};

} // namespace

TEST_CASE("nothing is known of any name at first") {
    Asking a;
    CHECK(a.about(value(1)).empty());
    CHECK(a.label("").empty());
    CHECK(a.label("www").empty());
}

TEST_CASE("a knock is known by every form of its value, with and without an address, and by no other") {
    for (const std::size_t size : {8U, 16U}) {
        CAPTURE(size);
        Asking a;
        a.add(confirm(value(1, size), "done 0"));
        const std::string base32 = format_compact(value(1, size), TextForm::base32);
        std::string words = format_compact(value(1, size), TextForm::words);
        CHECK(a.label(base32) == "done 0");
        CHECK(a.label(base32 + "-203-0-113-9") == "done 0");
        CHECK(a.label(base32 + "-20010db8000000000000000000000007") == "done 0");
        CHECK(a.label(format_compact(value(1, size), TextForm::hex)) == "done 0");
        if (words.size() <= 63) CHECK(a.label(words) == "done 0");
        std::string mixed = base32;
        for (std::size_t i = 0; i < mixed.size(); i += 2)
            mixed[i] = static_cast<char>(mixed[i] >= 'A' && mixed[i] <= 'Z' ? mixed[i] + 32 : mixed[i]);
        CHECK(a.label(mixed) == "done 0"); // resolvers randomise case
        CHECK(a.about(value(2, size)).empty());
        CHECK(a.label(base32.substr(1)).empty());
        CHECK(a.label(base32 + "a").empty());
    }
}

TEST_CASE("an algorithm that is off is not read for") {
    Confirmations only_sha256(bit(Algorithm::sha256));
    only_sha256.add(confirm(value(1, 8), "done 0"), start);
    CHECK(
        only_sha256.about(dns_candidates(format_compact(value(1, 8), TextForm::base32)), start, noon).size ==
        0);
}

TEST_CASE("a minute after it came it is forgotten") {
    Asking a;
    a.add(confirm(value(1), "refused hours"));
    CHECK(a.about(value(1), start + 59'999ms) == "refused hours");
    CHECK(a.about(value(1), start + 60s).empty());
}

TEST_CASE("a door's remaining seconds are those at the time of the question") {
    Asking a;
    a.add(confirm(value(1), "open 50123", noon + 30s));
    CHECK(a.about(value(1), start, noon) == "open 50123 30s");
    CHECK(a.about(value(1), start + 2500ms, noon + 2500ms) == "open 50123 27s");
    CHECK(a.about(value(1), start + 30s, noon + 30s) == "open 50123 0s");
    CHECK(a.about(value(1), start + 50s, noon + 50s) == "open 50123 0s"); // over, and never negative
    CHECK(a.about(value(1), start, noon - 7 * 24h) == "open 50123 604830s");
}

TEST_CASE("the longest text and the longest time fit") {
    Asking a;
    const std::string longest(39, 'x');
    a.add(confirm(value(1), longest, noon + 7 * 24h));
    CHECK(a.about(value(1)) == longest + " 604800s");
    a.add(confirm(value(2), longest, Time{std::chrono::nanoseconds::max()}));
    CHECK(a.about(value(2), start, Time{}) == longest + " 9223372036s");
    message::Confirm unterminated = confirm(value(3), "");
    unterminated.text.bytes.fill('y');
    a.add(unterminated);
    CHECK(a.about(value(3)) == std::string(40, 'y'));
    unterminated.deadline = INT64_MIN; // no deadline, then
    a.add(unterminated);
    CHECK(a.about(value(3)) == std::string(40, 'y'));
}

TEST_CASE("a later one of the same value takes its place, with a minute of its own") {
    Asking a;
    a.add(confirm(value(1), "open 50123", noon + 30s));
    a.add(confirm(value(1), "done 3"), start + 40s);
    CHECK(a.about(value(1), start + 40s) == "done 3");
    CHECK(a.about(value(1), start + 99s) == "done 3");
    CHECK(a.about(value(1), start + 100s).empty());
}

TEST_CASE("the newest 4,096 are kept") {
    Asking a;
    for (std::uint64_t i = 0; i < Confirmations::most; ++i)
        a.add(confirm(value(i), "done " + std::to_string(i)));
    CHECK(a.about(value(0)) == "done 0");
    a.add(confirm(value(0), "again")); // the newest now
    a.add(confirm(value(5000), "new"));
    CHECK(a.about(value(0)) == "again");
    CHECK(a.about(value(1)).empty()); // it was the oldest
    CHECK(a.about(value(2)) == "done 2");
    for (std::uint64_t i = 6000; i < 6000 + 3 * Confirmations::most; ++i)
        a.add(confirm(value(i), "x"));
    CHECK(a.about(value(0)).empty());
    CHECK(a.about(value(4095)).empty());
    for (std::uint64_t i = 0; i < 3 * Confirmations::most; ++i) {
        const bool kept = i >= 2 * Confirmations::most;
        if (a.about(value(6000 + i)).empty() == kept) FAIL_CHECK("of number ", i);
    }
}

TEST_CASE("one that took the place of an earlier one is not forgotten when that one's turn comes") {
    Asking a;
    a.add(confirm(value(0), "open 50123"));
    a.add(confirm(value(0), "done 0"));
    for (std::uint64_t i = 1; i < Confirmations::most; ++i)
        a.add(confirm(value(i), "x"));
    CHECK(a.about(value(0)) == "done 0");
    a.add(confirm(value(5000), "x"));
    CHECK(a.about(value(0)).empty());
}

TEST_CASE("whoever repeats the name of a signed knock is told the same") {
    Asking a;
    a.add(confirm(value(1), "done 0"));
    std::vector<std::uint8_t> message(smallest_signed_knock);
    const Value known = value(1);
    std::copy(known.view().begin(), known.view().end(), message.begin());
    message[type_offset] = signed_knock_type;
    Candidates candidates;
    candidates.add(value_of_message(message));
    CHECK(a.confirmations.about(candidates, start, noon).view() == "done 0");
    message[0] ^= 1;
    CHECK(a.confirmations.about(candidates, start, noon).size == 0);
}
