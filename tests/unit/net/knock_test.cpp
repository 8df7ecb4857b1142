#include "net/knock.h"

#include "base/text.h"
#include "tests/unit/net/described.h"
#include "tests/unit/net/frames.h"

#include <doctest/doctest.h>

#include <string>

namespace otk {
namespace {

using namespace std::string_literals;

std::string udp(std::string_view payload) { return described(udp_candidates(as_bytes(payload))); }
std::string icmp(std::string_view payload) { return described(icmp_candidates(as_bytes(payload))); }
std::string dns(std::string_view label) { return described(dns_candidates(label)); }

TEST_CASE("udp: 8 and 16 bytes are raw") {
    CHECK(udp("\x80\x01\x02\x03\x04\x05\x06\x07"s) == "raw 8001020304050607 whole");
    CHECK(udp("\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"s) ==
          "raw 000102030405060708090a0b0c0d0e0f whole");
    for (const std::size_t size : {0U, 1U, 7U, 9U, 15U, 17U, 24U, 512U}) {
        CAPTURE(size);
        CHECK(udp(std::string(size, '\0')).empty());
    }
}

TEST_CASE("udp: 16 printable bytes may be a value and are also 16 hex digits") {
    CHECK(udp("aef377c101234567") == "raw 61656633373763313031323334353637 whole; text 'aef377c101234567'");
}

TEST_CASE("udp: a text, perhaps with an address") {
    struct Row {
        std::string payload;
        std::string_view found;
    };
    const Row rows[] = {
        {"OUST COAT FOAL MUG BEAK TOTE", "text 'OUST COAT FOAL MUG BEAK TOTE'"},
        {"OUST COAT FOAL MUG BEAK TOTE\n", "text 'OUST COAT FOAL MUG BEAK TOTE'"},
        {"OUST COAT FOAL MUG BEAK TOTE\r\n", "text 'OUST COAT FOAL MUG BEAK TOTE'"},
        {"  OUST_COAT_FOAL_MUG_BEAK_TOTE\t ", "text 'OUST_COAT_FOAL_MUG_BEAK_TOTE'"},
        {"OUST COAT FOAL MUG BEAK TOTE 192.0.2.77", "text 'OUST COAT FOAL MUG BEAK TOTE' for 192.0.2.77"},
        {"OUST COAT FOAL MUG BEAK TOTE   2001:db8::1 \r\n",
         "text 'OUST COAT FOAL MUG BEAK TOTE' for 2001:db8::1"},
        {"OUST COAT FOAL MUG BEAK TOTE ::ffff:192.0.2.77",
         "text 'OUST COAT FOAL MUG BEAK TOTE' for 192.0.2.77"},
        {"OUST COAT FOAL MUG BEAK TOTE 192.0.2.777", "text 'OUST COAT FOAL MUG BEAK TOTE 192.0.2.777'"},
        {"OUST COAT FOAL MUG BEAK TOTE fe80::1%eth0", "text 'OUST COAT FOAL MUG BEAK TOTE fe80::1%eth0'"},
        {"aef3 77c1 0123 4567\t203.0.113.9", "text 'aef3 77c1 0123 4567' for 203.0.113.9"},
        {"192.0.2.77", ""},     // an address and nothing it could be for
        {"  192.0.2.77  ", ""}, //
        {"              ", ""},
        {"aef377c101234567\n\n", ""}, // one line end, not two
        {"\naef377c101234567", ""},
        {"aef377c1\r01234567", ""},
        {"aef377c1\0 01234567"s, ""},
        {"aef377c101234567\0"s, ""},
        {"aef377c1\x80 01234567", ""},
        {"aef377c1\x7f 01234567", ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.payload);
        CHECK(udp(row.payload) == row.found);
    }
    CHECK(udp_candidates(as_bytes(std::string(512, 'A'))).size() == 1);
    CHECK(udp_candidates(as_bytes(std::string(513, 'A'))).empty());
}

TEST_CASE("icmp: the pattern of ping -p is found where each program puts it") {
    struct Row {
        const frames::Captured& captured;
        std::string_view begins;
        std::size_t candidates;
    };
    constexpr std::string_view long_value = "00112233445566778899aabbccddeeff";
    constexpr std::string_view short_value = "0011223344556677";
    const Row rows[] = {
        {frames::ping4_default, long_value, 4},        {frames::ping6_default, long_value, 4},
        {frames::ping4_record_route, long_value, 4},   {frames::ping4_size_32, long_value, 4},
        {frames::cooked_ping4, long_value, 4},         {frames::cooked2_ping6, long_value, 4},
        {frames::nping_data, long_value, 2},           {frames::ping4_size_24, short_value, 3},
        {frames::ping4_short_pattern, short_value, 3}, // not again at 24
        {frames::ping6_size_24, short_value, 3},       {frames::ping4_size_8, short_value, 1},
        {frames::ping6_size_8, short_value, 1},        {frames::ping4_size_15, short_value, 1},
    };
    for (const Row& row : rows) {
        CAPTURE(row.captured.name);
        const auto bytes = frames::frame(row.captured);
        const auto packet = decode_packet(row.captured.link, bytes);
        REQUIRE(packet);
        const Candidates candidates = icmp_candidates(packet->payload);
        CHECK(candidates.size() == row.candidates);
        std::size_t found = 0;
        for (const Candidate& candidate : candidates) {
            CHECK(candidate.shape == Shape::raw);
            CHECK_FALSE(candidate.whole);
            CHECK(candidate.named.empty());
            if (to_hex(candidate.bytes).starts_with(row.begins)) ++found;
        }
        CHECK(found == 1);
    }
}

// What each ping sends: a stamp of so many bytes, then the pattern again and again.
std::string pinged(std::size_t stamp, const std::string& pattern, std::size_t size) {
    std::string payload;
    for (std::size_t i = 0; i < stamp; ++i) {
        payload += static_cast<char>(0xc0 + i);
    }
    while (payload.size() < size) {
        payload += pattern[(payload.size() - stamp) % pattern.size()];
    }
    return payload;
}

TEST_CASE("icmp: every stamp and every size leaves a value readable, once") {
    const std::string long_pattern = "\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f";
    for (const std::size_t stamp : {0U, 8U, 16U, 24U}) {
        for (const std::size_t value : {8U, 16U}) {
            const std::string pattern = long_pattern.substr(0, value);
            for (std::size_t size = stamp + value; size <= 72; ++size) {
                CAPTURE(stamp);
                CAPTURE(value);
                CAPTURE(size);
                const std::string payload = pinged(stamp, pattern, size);
                std::size_t found = 0;
                for (const Candidate& candidate : icmp_candidates(as_bytes(payload))) {
                    if (as_text(candidate.bytes).starts_with(pattern)) ++found;
                }
                CHECK(found == 1);
            }
        }
    }
}

TEST_CASE("icmp: raw candidates are at 0, 8, 16 and 24, each with 8 bytes or more") {
    std::string payload;
    for (int i = 0; i < 40; ++i) {
        payload += static_cast<char>(0x80 + i);
    }
    const auto offsets = [&payload](std::size_t size) {
        std::string found;
        for (const Candidate& candidate : icmp_candidates(as_bytes(payload).first(size))) {
            CHECK(candidate.bytes.size() >= 8);
            found += std::to_string(candidate.bytes[0] - 0x80) + " ";
        }
        return found;
    };
    CHECK(offsets(40) == "0 8 16 24 ");
    CHECK(offsets(32) == "0 8 16 24 ");
    CHECK(offsets(31) == "0 8 16 ");
    CHECK(offsets(24) == "0 8 16 ");
    CHECK(offsets(23) == "0 8 ");
    CHECK(offsets(16) == "0 8 ");
    CHECK(offsets(15) == "0 ");
    CHECK(offsets(8) == "0 ");
    CHECK(offsets(7).empty());
    CHECK(offsets(0).empty());
}

TEST_CASE("icmp: 12 bytes are a value and an address, unless the pattern only repeats itself") {
    const auto bytes = frames::frame(frames::ping4_size_12);
    const auto packet = decode_packet(LinkType::ethernet, bytes);
    REQUIRE(packet);
    CHECK(described(icmp_candidates(packet->payload)) == "raw 0011223344556677 for 136.170.187.204 64-bit");
    CHECK(icmp("\x80\x01\x02\x03\x04\x05\x06\x07\x80\x01\x02\x03"s) == "raw 800102030405060780010203");
}

TEST_CASE("icmp: a printable payload is a text and also raw at its start") {
    CHECK(icmp("abcdefgh") == "text 'abcdefgh'; raw 6162636465666768");
    CHECK(icmp("OUST COAT FOAL MUG BEAK TOTE 192.0.2.77") ==
          "text 'OUST COAT FOAL MUG BEAK TOTE' for 192.0.2.77; raw " +
              to_hex(as_bytes("OUST COAT FOAL MUG BEAK TOTE 192.0.2.77")));
    CHECK(icmp("abcdefgh1234") == "text 'abcdefgh1234'; raw 6162636465666768 for 49.50.51.52 64-bit");
    CHECK(icmp("        ") == "raw 2020202020202020"); // blanks are no text, yet could be a value

    const auto bytes = frames::frame(frames::nping_data_string);
    const auto packet = decode_packet(LinkType::ethernet, bytes);
    REQUIRE(packet);
    CHECK(described(icmp_candidates(packet->payload))
              .starts_with("text '00112233445566778899aabbccddeeff'; raw "));
}

TEST_CASE("dns: a label, perhaps with an address") {
    struct Row {
        std::string label;
        std::string_view found;
    };
    const Row rows[] = {
        {"aaaqeayeaudao", "label aaaqeayeaudao"},
        {"AaAqEaYeAuDaOcAjBiFqYdIoB4", "label AaAqEaYeAuDaOcAjBiFqYdIoB4"},
        {"oust_coat_foal_mug_beak_tote", "label oust_coat_foal_mug_beak_tote"},
        {"OUST-COAT-FOAL-MUG-BEAK-TOTE", "label OUST-COAT-FOAL-MUG-BEAK-TOTE"},
        {"i-i-i-i-i-i", "label i-i-i-i-i-i"},
        {"aaaqeayeaudao-203-0-113-9", "label aaaqeayeaudao for 203.0.113.9"},
        {"aaaqeayeaudaocajbifqydiob4-203-0-113-9", "label aaaqeayeaudaocajbifqydiob4 for 203.0.113.9"},
        {"aaaqeayeaudaocajbifqydiob4-20010DB8000000000000000000000001",
         "label aaaqeayeaudaocajbifqydiob4 for 2001:db8::1"},
        {"aaaqeayeaudaocajbifqydiob4-00000000000000000000ffffcb007109",
         "label aaaqeayeaudaocajbifqydiob4 for 203.0.113.9"},
        {"aaaqeayeaudao_203-0-113-9", ""}, // only `-` parts them
        {"aaaqeayeaudao-203-0-113-256", ""},
        {"aaaqeayeaudao-203-0-113-09", ""},
        {"aaaqeayeaudao-203-0-113", ""},
        {"aaaqeayeaudao-203-0-113-9-1", ""},
        {"aaaqeayeaudao-203-0--9", ""},
        {"aaaqeayeaudao-203-0-113-9-", ""},
        {"aaaqeayeaudao-", ""},
        {"aaaqeayeaudao-2001", ""},
        {"aaaqeayeaudao-20010db800000000000000000000000g", ""},
        {"aaaqeayeaudaocajbifqydiob4-20010db80000000000000000000000010", ""},
        {"", ""},
        {"ns", ""},
        {"aaaaaaaaaa", ""}, // ten: too short for any form
        {"aaaqeayeaudao.", ""},
        {"aaaqeayeaudao\0"s, ""},
        {"aaaqeayea dao", ""},
        {"aaaqeayea\xc3\xa4o", ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.label);
        CHECK(dns(row.label) == row.found);
    }
    CHECK(dns_candidates(std::string(63, 'a')).size() == 1);
    CHECK(dns_candidates(std::string(64, 'a')).empty());
}

TEST_CASE("the carriers' names are stored and never change") {
    CHECK(name_of(Carrier::udp) == "udp");
    CHECK(name_of(Carrier::icmp) == "icmp");
    CHECK(name_of(Carrier::dns) == "dns");
}

} // namespace

} // namespace otk
