// The DNS parser against glibc's, and the answers as glibc reads them.
#include "base/text.h"
#include "tests/property/net/properties.h"
#include "tests/unit/net/dns_message.h"

#include <algorithm>
#include <rapidcheck.h>

namespace otk {
namespace {

using dns_message::Buffer;
using dns_message::Fields;

std::vector<Zone> zones() {
    return {*Zone::parse("knock.example.org"), *Zone::parse("k.io"), *Zone::parse("a.knock.example.org"),
            *Zone::parse("b")};
}

ZoneData data_of(const Zone& zone, bool outside, int addresses) {
    ZoneData data;
    data.zone = zone;
    data.server = *Zone::parse(outside ? "a-server.somewhere.example.net" : "ns." + zone.text());
    for (int i = 0; i < addresses; ++i) {
        data.addresses.push_back(*Address::parse(i % 2 == 0 ? "192.0.2.53" : "2001:db8::53"));
    }
    return data;
}

// A label of any octets: often letters of both cases, sometimes empty of sense.
Buffer any_label() {
    const auto letter =
        rc::gen::oneOf(rc::gen::elementOf(std::string("abkNSnsKxyz-_.@\\\"")),
                       rc::gen::map(rc::gen::arbitrary<std::uint8_t>(),
                                    [](std::uint8_t octet) { return static_cast<char>(octet); }));
    const std::size_t size =
        *rc::gen::weightedElement<std::size_t>({{4, 1}, {4, 2}, {3, 13}, {3, 26}, {1, 63}});
    const auto label = *rc::gen::container<std::string>(size, letter);
    return {label.begin(), label.end()};
}

// Up to four labels in front of one of the zones, or of nothing.
Buffer any_name() {
    Buffer name;
    const int labels = *rc::gen::inRange(0, 4);
    for (int i = 0; i < labels; ++i) {
        const Buffer label = any_label();
        name.push_back(static_cast<std::uint8_t>(label.size()));
        dns_message::append(name, label);
    }
    const auto below =
        *rc::gen::element<std::string>("", "knock.example.org", "ns.knock.example.org", "KNOCK.example.ORG",
                                       "k.io", "a.knock.example.org", "b");
    dns_message::append(name, dns_message::wire_name(below));
    return name;
}

Fields any_fields() {
    Fields fields;
    fields.name = any_name();
    fields.type = *rc::gen::element(1U, 2U, 6U, 16U, 28U, 255U, 65U, 41U);
    fields.class_ = *rc::gen::weightedElement<unsigned>({{8, 1U}, {1, 3U}, {1, 255U}});
    fields.flags = *rc::gen::element(0x0000U, 0x0100U, 0x0120U, 0x0010U);
    if (*rc::gen::arbitrary<bool>()) {
        fields.counts[3] = 1;
        fields.behind = dns_message::opt(*rc::gen::weightedElement<unsigned>({{9, 0U}, {1, 1U}}),
                                         *rc::gen::element(0U, 0x8000U));
    }
    return fields;
}

// The name as glibc writes it: dots, with what is not plain escaped.
std::string expanded(Bytes message, Bytes name) {
    std::array<char, NS_MAXDNAME> text{};
    const int size =
        dn_expand(message.data(), message.data() + message.size(), name.data(), text.data(), text.size());
    if (size < 0) return "unreadable";
    return text[0] == '\0' ? "." : text.data(); // dn_expand leaves the root empty, ns_parserr does not
}

// What we accept glibc reads in the same way.
void compare_with_glibc(Bytes message, const Question& question) {
    const auto read = dns_message::read_with_glibc(message);
    RC_ASSERT(read.valid);
    RC_ASSERT(read.id == int{question.id});
    RC_ASSERT(read.flags.ends_with("rd") == question.recursion_desired);
    const std::string expected = expanded(message, question.name) + " " + std::to_string(question.class_) +
                                 " " + std::to_string(question.type);
    RC_ASSERT(read.questions == std::vector<std::string>{expected});
    const auto is_opt = [](const std::string& record) { return record.starts_with("OPT "); };
    RC_ASSERT(std::any_of(read.additionals.begin(), read.additionals.end(), is_opt) == question.edns);
}

bool made_questions_are_read() {
    return rc::check("a question is read as it was made, and as glibc reads it", [] {
        const Fields fields = any_fields();
        const Buffer message = dns_message::make(fields);
        const auto question = parse_question(message);
        RC_ASSERT(static_cast<bool>(question));
        RC_ASSERT(
            std::equal(question->name.begin(), question->name.end(), fields.name.begin(), fields.name.end()));
        RC_ASSERT(question->type == fields.type);
        RC_ASSERT(question->class_ == fields.class_);
        RC_ASSERT(question->edns == (fields.counts[3] == 1));
        compare_with_glibc(message, *question);
    });
}

bool bent_questions_agree_with_glibc() {
    return rc::check("what is accepted of a question with changed bytes, glibc reads in the same way", [] {
        Buffer message = dns_message::make(any_fields());
        const int changes = *rc::gen::inRange(1, 4);
        for (int i = 0; i < changes; ++i) {
            message[*rc::gen::inRange<std::size_t>(0, message.size())] = *rc::gen::arbitrary<std::uint8_t>();
        }
        const auto question = parse_question(message);
        RC_CLASSIFY(static_cast<bool>(question), "accepted");
        if (question) compare_with_glibc(message, *question);
    });
}

bool cut_questions_are_refused() {
    return rc::check("a question cut anywhere is refused", [] {
        const Buffer message = dns_message::make(any_fields());
        for (std::size_t size = 0; size < message.size(); ++size) {
            const Buffer cut(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size));
            RC_ASSERT(!parse_question(cut));
        }
    });
}

// find_zone against a slow reading of the same rule on glibc's text of the name.
bool zones_are_found() {
    return rc::check("a name lies under the longest zone that its labels end with", [] {
        const Buffer message = dns_message::make(any_fields());
        const auto question = parse_question(message);
        RC_ASSERT(static_cast<bool>(question));
        std::vector<std::string> labels; // lower case, first label first
        Reader reader(question->name);
        for (auto length = reader.u8(); length && *length != 0; length = reader.u8()) {
            labels.push_back(to_lower(as_text(*reader.take(*length))));
        }
        const auto all = zones();
        const auto below = find_zone(*question, all);
        std::optional<std::size_t> expected;
        for (std::size_t first = 0; first < labels.size() && !expected; ++first) {
            std::vector<std::uint8_t> rest;
            for (std::size_t i = first; i < labels.size(); ++i) {
                rest.push_back(static_cast<std::uint8_t>(labels[i].size()));
                dns_message::append(rest, as_bytes(labels[i]));
            }
            rest.push_back(0);
            for (std::size_t zone = 0; zone < all.size(); ++zone) {
                if (std::equal(rest.begin(), rest.end(), all[zone].wire().begin(), all[zone].wire().end())) {
                    expected = zone;
                    RC_ASSERT(below.has_value());
                    RC_ASSERT(below->labels == first);
                    RC_ASSERT(to_lower(below->label) == (first == 0 ? "" : labels[first - 1]));
                }
            }
        }
        RC_ASSERT(below.has_value() == expected.has_value());
        if (below) RC_ASSERT(below->zone == *expected);
    });
}

bool answers_are_bounded_and_readable() {
    return rc::check("an answer is at most twice the question, echoes it, and glibc reads all of it", [] {
        const Fields fields = any_fields();
        const Buffer message = dns_message::make(fields);
        const auto question = parse_question(message);
        RC_ASSERT(static_cast<bool>(question));
        const auto all = zones();
        const auto below = find_zone(*question, all);
        RC_PRE(below.has_value());
        const ZoneData data = data_of(all[below->zone], *rc::gen::arbitrary<bool>(),
                                      *rc::gen::weightedElement<int>({{3, 0}, {3, 1}, {2, 2}, {1, 30}}));
        const Answer answer =
            answer_question(*question, message.size(), data, *below, *Address::parse("192.0.2.1"));
        RC_ASSERT(answer.size <= 2 * message.size());
        RC_ASSERT(answer.size <= largest_answer);
        const Bytes bytes = Bytes(answer.bytes).first(answer.size);
        const auto read = dns_message::read_with_glibc(bytes);
        RC_ASSERT(read.valid);
        RC_ASSERT(read.id == 0x1234);
        RC_ASSERT(read.questions == dns_message::read_with_glibc(message).questions);
        const bool ends_with_opt = !read.additionals.empty() && read.additionals.back().starts_with("OPT ");
        RC_ASSERT(ends_with_opt == question->edns);
        // NODATA without SOA only where there was no room for its 35 bytes.
        const bool no_data = read.rcode == 0 && question->edns_version == 0 && read.answers.empty() &&
                             read.flags.find("tc") == std::string::npos;
        RC_CLASSIFY(no_data, "no data");
        const std::size_t room = std::min(2 * message.size(), largest_answer) - answer.size;
        if (no_data && read.authorities.empty()) RC_ASSERT(room < 35U);
    });
}

} // namespace

bool dns_properties() {
    bool all = made_questions_are_read();
    all &= bent_questions_agree_with_glibc();
    all &= cut_questions_are_refused();
    all &= zones_are_found();
    all &= answers_are_bounded_and_readable();
    return all;
}

} // namespace otk
