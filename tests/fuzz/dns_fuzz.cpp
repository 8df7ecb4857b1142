// A DNS message, the zone it asks for and the answer, which must stay within its bound.
#include "base/promise.h"
#include "net/dns.h"
#include "net/knock.h"

#include <cstddef>

using namespace otk;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Address address = *Address::parse("2001:db8::53");
    static const std::vector<Zone> zones{*Zone::parse("knock.example.org"), *Zone::parse("org"),
                                         *Zone::parse("aaaaaaaaaaaaa")};
    static const std::vector<ZoneData> data_of_zones{
        {zones[0], *Zone::parse("ns.knock.example.org"), {*Address::parse("192.0.2.53"), address}},
        {zones[1], *Zone::parse("a-server-elsewhere.example.net"), {}},
        {zones[2], *Zone::parse("ns.aaaaaaaaaaaaa"), {}}};

    const auto question = parse_question(Bytes(data, size));
    if (!question) return 0;
    const auto below = find_zone(*question, zones);
    if (!below) return 0;
    promise(dns_candidates(below->label).size() <= 1, "a label is at most one value");
    const Answer answer = answer_question(*question, size, data_of_zones[below->zone], *below, address);
    promise(answer.size <= 2 * size && answer.size <= largest_answer,
            "an answer is at most twice the question");
    promise(answer.size >= 12 + question->section.size(), "an answer echoes the question");
    promise(!parse_question(Bytes(answer.bytes).first(answer.size)), "an answer is no question: no loop");
    const Answer told =
        answer_question(*question, size, data_of_zones[below->zone], *below, address, "open 50123 604800s");
    promise(told.size <= 2 * size && told.size <= largest_answer, "a text makes it no longer than that");
    promise(asks_for_text(*question) || told.bytes == answer.bytes, "a text is for TXT and ANY only");
    return 0;
}
