#include "net/dns.h"

#include "tests/unit/net/dns_message.h"

#include <doctest/doctest.h>

// So that a failed check shows the records.
template <>
struct doctest::StringMaker<std::vector<std::string>> {
    static doctest::String convert(const std::vector<std::string>& lines) {
        std::string all;
        for (const std::string& line : lines) {
            all += "[" + line + "]";
        }
        return all.c_str();
    }
};

namespace otk {
namespace {

using dns_message::Buffer;
using dns_message::Fields;
using dns_message::make;
using dns_message::opt;
using dns_message::Read;
using dns_message::wire_name;
using Lines = std::vector<std::string>;

const ZoneData data{*Zone::parse("knock.example.org"),
                    *Zone::parse("ns.knock.example.org"),
                    {*Address::parse("192.0.2.53"), *Address::parse("2001:db8::53")}};
const Address asked_at = *Address::parse("198.51.100.53");

// The answer as glibc reads it, after the checks that every answer must pass.
Read answer_to(const Fields& fields, const ZoneData& zone = data, std::string_view text = {}) {
    const Buffer message = make(fields);
    const auto question = parse_question(message);
    REQUIRE(question);
    const auto below = find_zone(*question, std::span(&zone.zone, 1));
    REQUIRE(below.has_value());
    const Answer answer = answer_question(*question, message.size(), zone, *below, asked_at, text);
    const Bytes bytes = Bytes(answer.bytes).first(answer.size);
    CHECK(bytes.size() <= 2 * message.size());
    const Bytes echo = bytes.subspan(12, question->section.size());
    CHECK(std::equal(echo.begin(), echo.end(), question->section.begin())); // with its case
    Read read = dns_message::read_with_glibc(bytes);
    CHECK(read.valid);
    CHECK(read.id == 0x1234);
    CHECK(read.questions.size() == 1);
    return read;
}

// A question with an OPT record that has no options.
Fields with_opt(std::string_view text, unsigned type, unsigned ttl_high = 0, unsigned ttl_low = 0) {
    return {.name = wire_name(text), .type = type, .counts = {1, 0, 0, 1}, .behind = opt(ttl_high, ttl_low)};
}

const std::string soa = "knock.example.org 0 SOA knock.example.org . 1 3600 1200 604800 0";

TEST_CASE("a knock, and every name without data, gets NODATA with a SOA that nobody may keep") {
    for (const unsigned type : {1U, 2U, 6U, 16U, 28U, 43U, 48U, 65U, 255U, 12345U}) {
        for (const std::string_view label :
             {"aaaqeayeaudao", "a.b.c", "aaaqeayeaudaocajbifqydiob4", "ns.ns", "_"}) {
            CAPTURE(type);
            CAPTURE(label);
            const Read read =
                answer_to({.name = wire_name(std::string(label) + ".knock.example.org"), .type = type});
            CHECK(read.rcode == 0);
            CHECK(read.flags == "qr aa rd");
            CHECK(read.answers.empty());
            CHECK(read.authorities == Lines{soa});
            CHECK(read.additionals.empty());
        }
    }
}

TEST_CASE("the question's case comes back, also in names that point at it") {
    const Read read = answer_to({.name = wire_name("AaAqEaYeAuDaO.KNOCK.example.ORG")});
    CHECK(read.questions == Lines{"AaAqEaYeAuDaO.KNOCK.example.ORG 1 1"});
    REQUIRE(read.authorities.size() == 1);
    CHECK(read.authorities[0].starts_with("KNOCK.example.ORG 0 SOA KNOCK.example.ORG . 1 "));
}

TEST_CASE("flags of the question: only RD comes back") {
    CHECK(answer_to({.name = wire_name("a.knock.example.org"), .flags = 0}).flags == "qr aa");
    CHECK(answer_to({.name = wire_name("a.knock.example.org"), .flags = 0x05ff}).flags == "qr aa rd");
}

TEST_CASE("a text is the answer to TXT and ANY, that nobody may keep, and to nothing else") {
    const std::string_view knock = "AaAqEaYeAuDaOCAJBIFQYDIOB4.knock.example.org";
    const std::string record = std::string(knock) + " 0 TXT [open 50123 27s]"; // the owner has its case
    for (const unsigned type : {unsigned{ns_t_txt}, unsigned{ns_t_any}}) {
        const Read plain = answer_to({.name = wire_name(knock), .type = type}, data, "open 50123 27s");
        CHECK(plain.rcode == 0);
        CHECK(plain.flags == "qr aa rd");
        CHECK(plain.answers == Lines{record});
        CHECK(plain.authorities.empty());
        const Read edns = answer_to(with_opt(knock, type), data, "open 50123 27s");
        CHECK(edns.answers == Lines{record});
        CHECK(edns.additionals == Lines{"OPT 1232 0 0"});
    }
    for (const unsigned type : {1U, 2U, 5U, 6U, 28U, 43U, 257U}) {
        CAPTURE(type);
        const Read other = answer_to({.name = wire_name(knock), .type = type}, data, "open 50123 27s");
        CHECK(other.answers.empty());
        CHECK(other.authorities == Lines{soa});
    }
    const Read refused =
        answer_to({.name = wire_name(knock), .type = ns_t_txt, .class_ = 3}, data, "open 50123 27s");
    CHECK(refused.rcode == 5);
    CHECK(refused.answers.empty());
    const Read version_1 = answer_to(with_opt(knock, ns_t_txt, 1, 0), data, "open 50123 27s");
    CHECK(version_1.answers.empty());
}

TEST_CASE("a text never makes the answer longer than twice the question, nor truncated") {
    // Of this question 12 + 27 + 19 + 4 bytes may come again; 12 of them are the record's own, and its
    // length.
    const std::string_view knock = "aaaqeayeaudaocajbifqydiob4.knock.example.org";
    const std::string longest(62 - 13, 'x');
    const Fields question{.name = wire_name(knock), .type = ns_t_txt};
    CHECK(answer_to(question, data, longest).answers.size() == 1);
    const Read too_long = answer_to(question, data, longest + "x");
    CHECK(too_long.flags == "qr aa rd"); // no TC: nobody listens on TCP
    CHECK(too_long.answers.empty());
    CHECK(too_long.authorities == Lines{soa});

    // The shortest name that can be a knock, under the shortest zone: a week's door fits.
    ZoneData tiny = data;
    tiny.zone = *Zone::parse("k.io");
    tiny.server = *Zone::parse("ns.k.io");
    const Fields words{.name = wire_name("a_a_a_a_a_a.k.io"), .type = ns_t_txt};
    CHECK(answer_to(words, tiny, "open 50123 604800s").answers ==
          Lines{"a_a_a_a_a_a.k.io 0 TXT [open 50123 604800s]"});
}

TEST_CASE("the server's name and the apex keep what they have, whatever the text") {
    CHECK(answer_to(with_opt("knock.example.org", ns_t_any), data, "done 0").answers == Lines{soa});
    CHECK(answer_to(with_opt("ns.knock.example.org", ns_t_any), data, "done 0").answers.size() == 2);
    CHECK(answer_to(with_opt("knock.example.org", ns_t_txt), data, "done 0").answers.empty());
    CHECK(answer_to(with_opt("ns.knock.example.org", ns_t_txt), data, "done 0").answers.empty());
}

TEST_CASE("the apex has SOA and NS") {
    const std::string_view apex = "knock.example.org";
    CHECK(answer_to(with_opt(apex, ns_t_soa)).answers == Lines{soa});
    CHECK(answer_to(with_opt(apex, ns_t_any)).answers == Lines{soa});
    CHECK(answer_to({.name = wire_name(apex), .type = ns_t_soa}).answers == Lines{soa}); // fits to the byte

    // 29 bytes are left for NS and addresses, 17 go to the NS.
    const Read ns = answer_to({.name = wire_name(apex), .type = ns_t_ns});
    CHECK(ns.flags == "qr aa rd");
    CHECK(ns.answers == Lines{"knock.example.org 3600 NS ns.knock.example.org"});
    CHECK(ns.authorities.empty());

    Fields long_question = with_opt(apex, ns_t_ns);
    long_question.behind.back() = 60; // an option that pads
    for (const unsigned value : {12U, 56U}) {
        dns_message::append_u16(long_question.behind, value);
    }
    long_question.behind.resize(long_question.behind.size() + 56);
    const Read with_addresses = answer_to(long_question);
    CHECK(with_addresses.answers == Lines{"knock.example.org 3600 NS ns.knock.example.org"});
    CHECK(with_addresses.additionals == Lines{"ns.knock.example.org 3600 A 192.0.2.53",
                                              "ns.knock.example.org 3600 AAAA 2001:db8::53", "OPT 1232 0 0"});

    const Read a = answer_to(with_opt(apex, ns_t_a));
    CHECK(a.answers.empty());
    CHECK(a.authorities == Lines{soa});
}

TEST_CASE("the server's name has its addresses") {
    const std::string_view server = "ns.knock.example.org";
    CHECK(answer_to({.name = wire_name(server), .type = ns_t_a}).answers ==
          Lines{"ns.knock.example.org 3600 A 192.0.2.53"});
    CHECK(answer_to({.name = wire_name(server), .type = ns_t_aaaa}).answers ==
          Lines{"ns.knock.example.org 3600 AAAA 2001:db8::53"});
    const Read any = answer_to(with_opt(server, ns_t_any));
    CHECK(any.answers.size() == 2);
    CHECK(any.authorities.empty());
    const Read txt = answer_to(with_opt(server, ns_t_txt));
    CHECK(txt.answers.empty());
    CHECK(txt.authorities == Lines{soa});

    ZoneData unconfigured = data;
    unconfigured.addresses.clear();
    CHECK(answer_to({.name = wire_name(server), .type = ns_t_a}, unconfigured).answers ==
          Lines{"ns.knock.example.org 3600 A 198.51.100.53"}); // where it was asked
    const Read no_ipv6 = answer_to({.name = wire_name(server), .type = ns_t_aaaa}, unconfigured);
    CHECK(no_ipv6.answers.empty());
    CHECK(no_ipv6.authorities == Lines{soa});
}

TEST_CASE("a server outside the zone has no addresses here") {
    ZoneData outside = data;
    outside.server = *Zone::parse("ns1.example.org");
    CHECK(answer_to({.name = wire_name("knock.example.org"), .type = ns_t_ns}, outside).answers ==
          Lines{"knock.example.org 3600 NS ns1.example.org"});
    outside.server = *Zone::parse("dns.example.net");
    const Read ns = answer_to({.name = wire_name("knock.example.org"), .type = ns_t_ns}, outside);
    CHECK(ns.answers == Lines{"knock.example.org 3600 NS dns.example.net"});
    CHECK(ns.additionals.empty());
    const Read a = answer_to({.name = wire_name("ns.knock.example.org"), .type = ns_t_a}, outside);
    CHECK(a.answers.empty());
    CHECK(a.authorities == Lines{soa});
}

TEST_CASE("what does not fit is left out, and TC tells where an answer did") {
    ZoneData tiny = data;
    tiny.zone = *Zone::parse("k.io");
    tiny.server = *Zone::parse("ns.k.io");
    const Read soa_of_apex = answer_to({.name = wire_name("k.io"), .type = ns_t_soa}, tiny);
    CHECK(soa_of_apex.flags == "qr aa tc rd");
    CHECK(soa_of_apex.answers.empty());
    const Read no_data = answer_to({.name = wire_name("a.k.io")}, tiny);
    CHECK(no_data.flags == "qr aa rd");
    CHECK(no_data.authorities.empty());
    CHECK(answer_to({.name = wire_name("aaaqeayeaudao.k.io")}, tiny).authorities.size() == 1); // a knock

    tiny.server = *Zone::parse("a-rather-long-name.of-a-server.example.net");
    const Read ns = answer_to({.name = wire_name("k.io"), .type = ns_t_ns}, tiny);
    CHECK(ns.flags == "qr aa tc rd");
    CHECK(ns.answers.empty());

    ZoneData many = data;
    many.addresses.assign(10, *Address::parse("192.0.2.53"));
    const Read some = answer_to(with_opt("ns.knock.example.org", ns_t_a), many);
    CHECK(some.flags == "qr aa tc rd");
    CHECK(some.answers.size() == 3);
    CHECK(some.additionals == Lines{"OPT 1232 0 0"}); // its place was kept
}

TEST_CASE("an OPT is answered by an OPT") {
    const Read read = answer_to(with_opt("aaaqeayeaudao.knock.example.org", ns_t_a));
    CHECK(read.authorities == Lines{soa});
    CHECK(read.additionals == Lines{"OPT 1232 0 0"});
    const Read dnssec_ok = answer_to(with_opt("aaaqeayeaudao.knock.example.org", ns_t_a, 0, 0xffff));
    CHECK(dnssec_ok.additionals == Lines{"OPT 1232 32768 0"}); // DO and nothing else

    const Read version_1 = answer_to(with_opt("aaaqeayeaudao.knock.example.org", ns_t_a, 1, 0));
    CHECK(version_1.additionals == Lines{"OPT 1232 16777216 0"}); // BADVERS, whose upper bits are 1
    CHECK(version_1.rcode == 0);                                  // and whose lower ones are 0
    CHECK(version_1.authorities.empty());
}

TEST_CASE("classes other than IN are refused") {
    for (const unsigned class_ : {0U, 2U, 3U, 4U, 254U, 255U, 65535U}) {
        CAPTURE(class_);
        const Read read = answer_to({.name = wire_name("aaaqeayeaudao.knock.example.org"), .class_ = class_});
        CHECK(read.rcode == 5);
        CHECK(read.flags == "qr rd");
        CHECK(read.answers.empty());
        CHECK(read.authorities.empty());
    }
}

TEST_CASE("the longest names fit") {
    const std::string zone_text = std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                                  std::string(63, 'c') + "." + std::string(61, 'd');
    ZoneData longest = data;
    longest.zone = *Zone::parse(zone_text);
    longest.server = *Zone::parse(zone_text);
    const Read soa_of_apex = answer_to(with_opt(zone_text, ns_t_soa), longest);
    CHECK(soa_of_apex.flags == "qr aa rd");
    CHECK(soa_of_apex.answers.size() == 1);
    CHECK(answer_to(with_opt(zone_text, ns_t_a), longest).answers.size() == 1);
}

} // namespace
} // namespace otk
