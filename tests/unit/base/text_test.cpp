#include "base/suggest.h"
#include "base/text.h"

#include <doctest/doctest.h>
#include <limits>

namespace otk {

using namespace std::chrono_literals;

TEST_CASE("hex: two digits a byte, lower case out, any case in, nothing else") {
    const std::array<std::uint8_t, 4> bytes{0x00, 0x0F, 0xA5, 0xFF};
    CHECK(to_hex(bytes) == "000fa5ff");
    CHECK(to_hex({}).empty());
    CHECK(from_hex("000FA5ff") == std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
    CHECK(from_hex("") == std::vector<std::uint8_t>{});
    for (const char* bad : {"0", "000", "0g", "g0", "0x00", "00 11", "-1", "00\n"}) {
        CAPTURE(bad);
        CHECK_FALSE(from_hex(bad));
    }
}

TEST_CASE("hex: every byte comes back, every other character is refused") {
    for (unsigned value = 0; value < 256; ++value) {
        const std::array<std::uint8_t, 1> byte{static_cast<std::uint8_t>(value)};
        CHECK(from_hex(to_hex(byte)) == std::vector<std::uint8_t>{byte[0]});
        const char c = static_cast<char>(value);
        const bool digit = std::string_view("0123456789abcdefABCDEF").find(c) != std::string_view::npos;
        CHECK(hex_digit(c).has_value() == digit);
    }
}

TEST_CASE("base32: as RFC 4648 section 10 shows it, less the padding") {
    const std::pair<std::string_view, std::string_view> known[] = {{"", ""},
                                                                   {"f", "MY"},
                                                                   {"fo", "MZXQ"},
                                                                   {"foo", "MZXW6"},
                                                                   {"foob", "MZXW6YQ"},
                                                                   {"fooba", "MZXW6YTB"},
                                                                   {"foobar", "MZXW6YTBOI"}};
    for (const auto& [text, digits] : known)
        CHECK(to_base32(as_bytes(text)) == digits);
}

TEST_CASE("letters: ASCII only, bytes above stay as they are") {
    CHECK(to_lower("AbZ[@`{\xC3\x84") == "abz[@`{\xC3\x84");
    std::size_t digits = 0;
    std::size_t alphanumerics = 0;
    for (unsigned value = 0; value < 256; ++value) {
        digits += is_digit(static_cast<char>(value)) ? 1U : 0U;
        alphanumerics += is_alphanumeric(static_cast<char>(value)) ? 1U : 0U;
    }
    CHECK(digits == 10);
    CHECK(alphanumerics == 62);
    CHECK(is_alphanumeric('Z'));
    CHECK_FALSE(is_alphanumeric('_'));
}

TEST_CASE("split: keeps empty pieces") {
    CHECK(split("a,b", ',') == std::vector<std::string_view>{"a", "b"});
    CHECK(split("", ',') == std::vector<std::string_view>{""});
    CHECK(split(",a,", ',') == std::vector<std::string_view>{"", "a", ""});
}

TEST_CASE("decimal: one spelling for each number") {
    constexpr auto largest = std::numeric_limits<std::uint64_t>::max();
    CHECK(parse_decimal("0", 9) == 0);
    CHECK(parse_decimal("9", 9) == 9);
    CHECK(parse_decimal("18446744073709551615", largest) == largest);
    for (const char* bad : {"", "00", "01", "+1", "-1", " 1", "1 ", "1a", "0x1", "18446744073709551616",
                            "99999999999999999999999"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_decimal(bad, largest));
    }
    CHECK_FALSE(parse_decimal("10", 9));
}

TEST_CASE("time: UTC in one form, before 1970 too") {
    // `date -u -d @1795288382` says Sat Nov 21 19:13:02 UTC 2026.
    const Time time = from_nanoseconds(1'795'288'382'123'999'999);
    CHECK(format_utc(time) == "2026-11-21T19:13:02Z");
    CHECK(format_utc(time, true) == "2026-11-21T19:13:02.123Z");
    CHECK(format_utc(from_nanoseconds(-1), true) == "1969-12-31T23:59:59.999Z");
    CHECK(format_utc(Time{}, true) == "1970-01-01T00:00:00.000Z");
    CHECK(to_nanoseconds(from_nanoseconds(-5)) == -5);
}

TEST_CASE("duration: a number with one unit; zero, nonsense and more than a century refused") {
    CHECK(parse_duration("30s") == 30s);
    CHECK(parse_duration("5m") == 300s);
    CHECK(parse_duration("2h") == 7200s);
    CHECK(parse_duration("90d") == 7'776'000s);
    CHECK(parse_duration("36600d"));
    for (const char* bad : {"", "s", "30", "0s", "1.5h", "-1s", "1 s", "1S", "01s", "1w", "36601d",
                            "9999999999999s", "99999999999999999999d"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_duration(bad));
    }
}

TEST_CASE("duration: the shortest text, which reads back as the same") {
    CHECK(format_duration(90s) == "90s");
    CHECK(format_duration(120s) == "2m");
    CHECK(format_duration(3600s) == "1h");
    CHECK(format_duration(86400s) == "1d");
    CHECK(format_duration(0s) == "0s");
    for (const auto duration : {1s, 59s, 60s, 61s, 3599s, 5400s, 86399s, 172800s}) {
        CHECK(parse_duration(format_duration(duration)) == duration);
    }
}

TEST_CASE("printable: nobody's input forges a line, moves a cursor or ends a quote") {
    CHECK(printable("plain ~text") == "plain ~text");
    CHECK(printable("a\nb\x1B[2J\"c\\") == "a\\x0ab\\x1b[2J\\x22c\\x5c");
    CHECK(printable("\xC3\xA4\x7F") == "\\xc3\\xa4\\x7f");
    CHECK(printable(std::string_view("\0", 1)) == "\\x00");
}

TEST_CASE("suggestions need to be near") {
    const std::vector<std::string_view> words{"window", "enabled", "ns"};
    CHECK(nearest("widnow", words) == "window");
    CHECK(nearest("windows", words) == "window");
    CHECK(nearest("nabled", words) == "enabled");
    CHECK(nearest("w", words).empty());
    CHECK(nearest("xx", words).empty());
    CHECK(nearest("wnidwo", words) == "window");
    CHECK(nearest("wdniwo", words).empty());
    CHECK(nearest(std::string(10000, 'w'), words).empty());
}

} // namespace otk
