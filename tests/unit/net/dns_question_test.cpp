#include "net/dns.h"

#include "tests/unit/net/dns_message.h"
#include "tests/unit/net/frames.h"

#include <doctest/doctest.h>

namespace otk {
namespace {

using dns_message::Buffer;
using dns_message::Fields;
using dns_message::make;
using dns_message::opt;
using dns_message::wire_name;

std::string outcome(const Buffer& message) {
    const auto question = parse_question(message);
    return question ? "read" : std::string(name_of(question.reason()));
}

Buffer joined(Buffer first, const Buffer& second) {
    dns_message::append(first, second);
    return first;
}

// Names of `octets` on the wire, root included, in labels of at most 63.
Buffer name_of_size(std::size_t octets) {
    Buffer name;
    for (std::size_t left = octets - 1; left > 0;) {
        const std::size_t label = std::min<std::size_t>(left - 1, 63);
        name.push_back(static_cast<std::uint8_t>(label));
        name.insert(name.end(), label, 'a');
        left -= label + 1;
    }
    name.push_back(0);
    return name;
}

TEST_CASE("the questions of dig and host are read") {
    const auto payload_of = [](const frames::Captured& captured, Buffer& keep) {
        keep = frames::frame(captured);
        const auto packet = decode_packet(captured.link, keep);
        REQUIRE(packet);
        return packet->payload;
    };
    Buffer keep;
    const auto dig = parse_question(payload_of(frames::dig4, keep));
    REQUIRE(dig);
    CHECK(dig->id == 0xd3e0);
    CHECK(dig->recursion_desired);
    CHECK(dig->type == ns_t_a);
    CHECK(dig->class_ == ns_c_in);
    CHECK(dig->edns);
    CHECK(dig->edns_version == 0);
    CHECK_FALSE(dig->dnssec_ok);
    CHECK(Buffer(dig->name.begin(), dig->name.end()) ==
          wire_name("aaaqeayeaudaocajbifqydiob4.knock.example.org"));
    CHECK(dig->section.size() == dig->name.size() + 4);

    const auto plain = parse_question(payload_of(frames::dig6_named, keep));
    REQUIRE(plain);
    CHECK(plain->type == ns_t_txt);
    CHECK_FALSE(plain->edns);

    const auto host = parse_question(payload_of(frames::host4, keep));
    REQUIRE(host);
    CHECK(host->type == ns_t_a);
}

TEST_CASE("only an ordinary question is accepted") {
    const Buffer name = wire_name("a.knock.example.org");
    struct Row {
        std::string_view what;
        Fields fields;
        std::string_view outcome;
    };
    const Buffer tsig = [] {
        Buffer record = wire_name("key");
        for (const unsigned value : {250U, 255U, 0U, 0U, 2U, 0xabcdU}) {
            dns_message::append_u16(record, value);
        }
        return record;
    }();
    const Row rows[] = {
        {"plain", {.name = name}, "read"},
        {"any type and class", {.name = name, .type = 65535, .class_ = 65535}, "read"},
        {"the root", {.name = {0}}, "read"},
        {"all other flags", {.name = name, .flags = 0x05ff}, "read"},
        {"response", {.name = name, .flags = 0x8180}, "response"},
        {"inverse query", {.name = name, .flags = 0x0800}, "not a query"},
        {"update", {.name = name, .flags = 0x2800}, "not a query"},
        {"TC", {.name = name, .flags = 0x0300}, "truncated"},
        {"no question", {.name = name, .counts = {0, 0, 0, 0}}, "not one question"},
        {"two questions",
         {.name = name, .counts = {2, 0, 0, 0}, .behind = joined(name, {0, 1, 0, 1})},
         "not one question"},
        {"65535 questions", {.name = name, .counts = {65535, 0, 0, 0}}, "not one question"},
        {"an answer", {.name = name, .counts = {1, 1, 0, 0}}, "other sections"},
        {"an authority", {.name = name, .counts = {1, 0, 1, 0}}, "other sections"},
        {"three additional", {.name = name, .counts = {1, 0, 0, 3}}, "other sections"},
        {"OPT announced only", {.name = name, .counts = {1, 0, 0, 1}}, "truncated"},
        {"OPT", {.name = name, .counts = {1, 0, 0, 1}, .behind = opt()}, "read"},
        {"OPT and TSIG", {.name = name, .counts = {1, 0, 0, 2}, .behind = joined(opt(), tsig)}, "read"},
        {"two OPT", {.name = name, .counts = {1, 0, 0, 2}, .behind = joined(opt(), opt())}, "bad OPT record"},
        {"OPT of a name",
         {.name = name, .counts = {1, 0, 0, 1}, .behind = joined({1, 'a'}, opt())},
         "bad OPT record"},
        {"pointer in the additional section",
         {.name = name, .counts = {1, 0, 0, 1}, .behind = {0xc0, 12, 0, 41, 0, 0, 0, 0, 0, 0, 0, 0}},
         "compression pointer"},
        {"trailing byte", {.name = name, .behind = {0}}, "trailing bytes"},
        {"OPT not announced", {.name = name, .behind = opt()}, "trailing bytes"},
        {"pointer", {.name = {0xc0, 12}}, "compression pointer"},
        {"pointer to itself", {.name = {1, 'a', 0xc0, 14}}, "compression pointer"},
        {"label type 01", {.name = {0x41, 'a', 0}}, "compression pointer"},
        {"label type 10", {.name = {0x80, 'a', 0}}, "compression pointer"},
        {"255 octets", {.name = name_of_size(255)}, "read"},
        {"256 octets", {.name = name_of_size(256)}, "name too long"},
        {"label past the end", {.name = {63, 'a', 'b'}}, "truncated"},
        {"zero octets and dots in a label", {.name = {5, 0, '.', 0, 0xff, '\\', 1, '.', 0}}, "read"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        CHECK(outcome(make(row.fields)) == row.outcome);
    }
}

TEST_CASE("every cut of a question is truncated") {
    const Buffer whole =
        make({.name = wire_name("a.knock.example.org"), .counts = {1, 0, 0, 1}, .behind = opt()});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        CHECK(outcome({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}) == "truncated");
    }
    CHECK(outcome(whole) == "read");
}

TEST_CASE("EDNS version and DO are noted") {
    const auto with = [](unsigned ttl_high, unsigned ttl_low) {
        return make({.name = wire_name("a"), .counts = {1, 0, 0, 1}, .behind = opt(ttl_high, ttl_low)});
    };
    const Buffer version_1 = with(1, 0);
    CHECK(parse_question(version_1)->edns_version == 1);
    const Buffer extended_rcode = with(0x0100, 0x7fff);
    CHECK(parse_question(extended_rcode)->edns_version == 0);
    CHECK_FALSE(parse_question(extended_rcode)->dnssec_ok);
    const Buffer dnssec_ok = with(0, 0x8000);
    CHECK(parse_question(dnssec_ok)->dnssec_ok);
}

TEST_CASE("a zone is a host name in wire form") {
    const auto zone = Zone::parse("Knock.Example_1.org.");
    REQUIRE(zone.has_value());
    CHECK(zone->text() == "knock.example_1.org");
    CHECK(Buffer(zone->wire().begin(), zone->wire().end()) == wire_name("knock.example_1.org"));
    CHECK(Zone::parse("org").has_value());
    CHECK(Zone::parse(std::string(63, 'a')).has_value());
    const std::string long_label = std::string(63, 'a') + ".";
    const std::string of_254_octets = long_label + long_label + long_label + std::string(60, 'a');
    CHECK(Zone::parse(of_254_octets + "a").has_value());

    for (const std::string& text :
         {std::string(), std::string("."), std::string(".."), std::string("a..b"), std::string(".a"),
          std::string("a.."), std::string("a b"), std::string("a\0b", 3), std::string("\xc3\xa4"),
          std::string("*.a"), std::string(64, 'a'), of_254_octets + "aa"}) {
        CAPTURE(text);
        CHECK_FALSE(Zone::parse(text).has_value());
    }
}

TEST_CASE("a name finds the longest zone that it lies under") {
    const std::vector<Zone> zones{*Zone::parse("example.org"), *Zone::parse("knock.example.org"),
                                  *Zone::parse("k.test"), *Zone::parse("az.test")};
    struct Row {
        Buffer name;
        int zone; // -1: none
        std::size_t labels;
        std::string label;
    };
    using namespace std::string_literals;
    const Row rows[] = {
        {wire_name("knock.example.org"), 1, 0, ""},
        {wire_name("a.knock.example.org"), 1, 1, "a"},
        {wire_name("b.a.knock.example.org"), 1, 2, "a"},
        {wire_name("AAAA.KnOcK.eXample.oRG"), 1, 1, "AAAA"},
        {wire_name("example.org"), 0, 0, ""},
        {wire_name("knocks.example.org"), 0, 1, "knocks"},
        {wire_name("xknock.example.org"), 0, 1, "xknock"},
        {wire_name("a.k.test"), 2, 1, "a"},
        {wire_name("a.AZ.test"), 3, 1, "a"}, // the ends of the alphabet
        {wire_name("a.@Z.test"), -1, 0, ""},
        {wire_name("a.A[.test"), -1, 0, ""},
        {wire_name("org"), -1, 0, ""},
        {wire_name("example.org.test"), -1, 0, ""},
        {wire_name(""), -1, 0, ""},
        {wire_name("a.example.net"), -1, 0, ""},
        {{3, 'a', '.', 'b', 1, 'k', 4, 't', 'e', 's', 't', 0}, 2, 1, "a.b"}, // a dot within a label
        {{2, 'a', 0, 1, 'k', 4, 't', 'e', 's', 't', 0}, 2, 1, "a\0"s},
        {{6, 'k', '.', 't', 'e', 's', 't', 0}, -1, 0, ""},                 // only looks like the zone
        {{8, 'a', 1, 'k', 4, 't', 'e', 's', 't', 0}, -1, 0, ""},           // length octets within a label
        {{1, 'a', 1, 'K', 4, 't', 'e', 's', 'T', 0}, 2, 1, "a"},           //
        {{1, 'a', 1, 'k', 4, 't', 'e', 's', 't' - 32 + 64, 0}, -1, 0, ""}, // differs in another bit than case
    };
    for (const Row& row : rows) {
        const Buffer message = make({.name = row.name});
        const auto question = parse_question(message);
        REQUIRE(question);
        const auto below = find_zone(*question, zones);
        CAPTURE(printable(as_text(question->name)));
        CHECK((below ? static_cast<int>(below->zone) : -1) == row.zone);
        if (!below) continue;
        CHECK(below->labels == row.labels);
        CHECK(below->label == row.label);
    }
    const Buffer message = make({.name = wire_name("a")});
    CHECK_FALSE(find_zone(*parse_question(message), {}).has_value());
}

} // namespace
} // namespace otk
