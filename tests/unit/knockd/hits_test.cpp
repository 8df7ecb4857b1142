// Hits and their requests as they come over the channel: pairs, and what breaks the contract.

#include "knockd/validate/hits.h"
#include "tests/unit/knockd/asking.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

namespace {

using Taken = Hits::Taken;

struct Line {
    Channel ours, theirs;
    Mailbox mailbox{theirs};
    Hits hits;

    explicit Line(std::pair<Channel, Channel> pair = Channel::make_pair()) :
        ours(std::move(pair.first)), theirs(std::move(pair.second)) {}

    template <typename Message>
    Taken says(const Message& message) {
        REQUIRE(ours.send_struct(message) == Channel::Sent::done);
        REQUIRE(mailbox.next() == Mailbox::Next::message);
        return hits.take(mailbox);
    }
};

RequestBytes bytes_of_value(std::uint8_t which, std::size_t argument = 0) {
    return signed_request(start_of(Algorithm::sha256, which), argument);
}

message::Hit plain(std::uint8_t which, Algorithm algorithm = Algorithm::sha256) {
    message::Hit hit;
    hit.algorithm = algorithm;
    hit.carrier = Carrier::udp;
    hit.value = start_of(algorithm, which);
    hit.source = *Address::parse("192.0.2.7");
    return hit;
}

message::Hit with_request(std::uint8_t which, std::size_t size) {
    message::Hit hit = plain(which);
    hit.request_size = static_cast<std::uint16_t>(size);
    return hit;
}

RequestBytes dynamic_bytes(std::uint8_t which) {
    RequestBytes bytes(dynamic_request_size, 9);
    const Value value = start_of(Algorithm::sha256, which);
    std::copy(value.view().begin(), value.view().end(), bytes.begin());
    bytes[type_offset] = dynamic_request_type;
    return bytes;
}

} // namespace

TEST_CASE("each hit that came in a request gets the one behind it, and the order stays") {
    Line line;
    CHECK(line.says(plain(1)) == Taken::yes);
    CHECK(line.says(with_request(2, 108)) == Taken::yes);
    CHECK(line.hits.all().size() == 1); // the other one is not whole yet
    CHECK(line.says(request_of(bytes_of_value(2))) == Taken::yes);
    CHECK(line.says(with_request(3, 364)) == Taken::yes);
    CHECK(line.says(request_of(bytes_of_value(3, 256))) == Taken::yes);
    CHECK(line.says(with_request(4, 172)) == Taken::yes);
    CHECK(line.says(request_of(dynamic_bytes(4))) == Taken::yes);
    CHECK(line.says(plain(5, Algorithm::md5)) == Taken::yes);
    REQUIRE(line.hits.all().size() == 5);
    REQUIRE(line.hits.requests().size() == 3);
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(line.hits.all()[i].value == start_of(Algorithm::sha256, i + 1));
    CHECK(line.hits.requests()[1].size == 364);
    line.hits.clear();
    CHECK(line.hits.all().empty());
    CHECK(line.hits.requests().empty());
}

TEST_CASE("a hit keeps waiting for its request when what came before it is judged") {
    Line line;
    CHECK(line.says(with_request(2, 108)) == Taken::yes);
    line.hits.clear();
    CHECK(line.says(request_of(bytes_of_value(2))) == Taken::yes);
    CHECK(line.hits.all().size() == 1);
}

TEST_CASE("a request that does not belong to its hit breaks the contract") {
    const RequestBytes right = bytes_of_value(2);
    RequestBytes other_type = right;
    other_type[type_offset] = 3;
    RequestBytes other_length = right;
    other_length[43] = 1;
    for (const RequestBytes& wrong : {bytes_of_value(3), bytes_of_value(2, 1), other_type, other_length,
                                      RequestBytes(right.begin(), right.end() - 1), dynamic_bytes(2)}) {
        Line line;
        CHECK(line.says(with_request(2, 108)) == Taken::yes);
        CHECK(line.says(request_of(wrong)) == Taken::broken);
        CHECK(line.hits.all().empty());
    }
    Line line; // a size that is none
    CHECK(line.says(with_request(2, 365)) == Taken::broken);
    message::Request huge;
    huge.size = 4'000'000'000;
    CHECK(line.says(with_request(2, 108)) == Taken::yes);
    CHECK(line.says(huge) == Taken::broken);
}

TEST_CASE("another hit instead of a request breaks it, and so does a request of a hit that had none") {
    {
        Line line;
        CHECK(line.says(with_request(2, 108)) == Taken::yes);
        CHECK(line.says(plain(3)) == Taken::broken);
    }
    Line line;
    CHECK(line.says(plain(2)) == Taken::yes);
    CHECK(line.says(request_of(bytes_of_value(2))) == Taken::broken);
}

TEST_CASE("a restart between the two breaks nothing: the knock is not judged, and stays valid") {
    {
        Line line; // of ours: whoever was here before read the hit
        CHECK(line.says(request_of(bytes_of_value(2))) == Taken::yes);
        CHECK(line.hits.all().empty());
        CHECK(line.says(request_of(bytes_of_value(2))) == Taken::broken); // that happens once
    }
    Line line; // of capture: it says Begin and not the request
    CHECK(line.says(with_request(2, 108)) == Taken::yes);
    CHECK(line.says(message::Begin{}) == Taken::not_a_hit);
    line.hits.begin_again();
    CHECK(line.says(plain(3)) == Taken::yes);
    REQUIRE(line.hits.all().size() == 1);
    CHECK(line.hits.all()[0].value == start_of(Algorithm::sha256, 3));
}

TEST_CASE("only sha256 values come in requests, and dynamic ones over udp alone") {
    Line line;
    message::Hit md5 = plain(1, Algorithm::md5);
    md5.request_size = 108;
    CHECK(line.says(md5) == Taken::broken);
    message::Hit of_none = plain(1);
    of_none.algorithm = static_cast<Algorithm>(7);
    CHECK(line.says(of_none) == Taken::broken);
    message::Hit icmp = with_request(4, 172);
    icmp.carrier = Carrier::icmp;
    CHECK(line.says(icmp) == Taken::yes);
    CHECK(line.says(request_of(dynamic_bytes(4))) == Taken::broken);
}
