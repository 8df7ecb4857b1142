// One message, one struct, alone or in a bundle: nothing else gets through (DESIGN 7).

#include "knockd/mailbox.h"

#include <doctest/doctest.h>

#include <vector>

using namespace otk;

namespace {

struct Line {
    std::pair<Channel, Channel> ends = Channel::make_pair();
    Mailbox mailbox{ends.second};
    Line() { ends.second.set_nonblocking(); }
    void send(std::size_t size, message::Kind kind) {
        std::vector<std::uint8_t> bytes(size);
        std::memcpy(bytes.data(), &kind, std::min(size, sizeof kind));
        REQUIRE(ends.first.send(bytes) == Channel::Sent::done);
    }
};

} // namespace

TEST_CASE("a message comes as it was sent, and only as what it is") {
    Line line;
    message::Stored stored;
    stored.row = RowNumber{17};
    stored.head = Head{RowNumber{18}, {1, 2, 3}};
    REQUIRE(line.ends.first.send_struct(stored) == Channel::Sent::done);
    REQUIRE(line.mailbox.next() == Mailbox::Next::message);
    CHECK(line.mailbox.kind() == message::Kind::stored);
    const auto got = line.mailbox.as<message::Stored>();
    REQUIRE(got);
    CHECK(got->row == RowNumber{17});
    CHECK(got->head == stored.head);
    CHECK_FALSE(line.mailbox.as<message::Done>());
    CHECK_FALSE(line.mailbox.as<message::Ended>());
    CHECK(line.mailbox.next() == Mailbox::Next::nothing_yet);
    CHECK_FALSE(line.mailbox.as<message::Stored>()); // the old one is gone
}

TEST_CASE("messages keep their order and their borders") {
    Line line;
    for (int i = 0; i < 20; ++i) {
        message::Stored stored;
        stored.row = RowNumber{i};
        REQUIRE(line.ends.first.send_struct(stored) == Channel::Sent::done);
        REQUIRE(line.ends.first.send_struct(message::Ended{}) == Channel::Sent::done);
    }
    for (int i = 0; i < 20; ++i) {
        REQUIRE(line.mailbox.next() == Mailbox::Next::message);
        CHECK(line.mailbox.as<message::Stored>()->row == RowNumber{i});
        REQUIRE(line.mailbox.next() == Mailbox::Next::message);
        CHECK(line.mailbox.as<message::Ended>());
    }
}

TEST_CASE("a wrong size is no message of its kind") {
    for (const std::size_t size :
         {sizeof(message::Hit) - 1, sizeof(message::Hit) + 1, sizeof(message::Kind)}) {
        Line line;
        line.send(size, message::Kind::hit);
        REQUIRE(line.mailbox.next() == Mailbox::Next::message);
        CHECK(line.mailbox.kind() == message::Kind::hit);
        CHECK_FALSE(line.mailbox.as<message::Hit>());
    }
}

TEST_CASE("a wrong kind is no message of its size") {
    Line line;
    line.send(sizeof(message::Hit), message::Kind::act);
    REQUIRE(line.mailbox.next() == Mailbox::Next::message);
    CHECK_FALSE(line.mailbox.as<message::Hit>());
    line.send(sizeof(message::Hit), static_cast<message::Kind>(0xffffffff));
    REQUIRE(line.mailbox.next() == Mailbox::Next::message);
    CHECK_FALSE(line.mailbox.as<message::Hit>());
}

TEST_CASE("what is shorter than a kind, or longer than any message, is broken, and the next one is whole") {
    for (const std::size_t size :
         {std::size_t{1}, sizeof(message::Kind) - 1, std::size_t{16385}, std::size_t{60'000}}) {
        CAPTURE(size);
        Line line;
        line.send(size, message::Kind::ended);
        REQUIRE(line.ends.first.send_struct(message::Ended{}) == Channel::Sent::done);
        CHECK(line.mailbox.next() == Mailbox::Next::broken);
        CHECK_FALSE(line.mailbox.as<message::Ended>());
        REQUIRE(line.mailbox.next() == Mailbox::Next::message);
        CHECK(line.mailbox.as<message::Ended>());
    }
}

TEST_CASE("a closed channel is told, after what was still in it") {
    Line line;
    REQUIRE(line.ends.first.send_struct(message::Ended{}) == Channel::Sent::done);
    { const Fd closed = std::move(line.ends.first).release(); }
    CHECK(line.mailbox.next() == Mailbox::Next::message);
    CHECK(line.mailbox.next() == Mailbox::Next::closed);
    CHECK(line.mailbox.next() == Mailbox::Next::closed);
}

namespace {

message::Stored stored(int row) {
    message::Stored made;
    made.row = RowNumber{row};
    return made;
}

using Parts = std::vector<std::pair<std::uint32_t, std::vector<std::uint8_t>>>;

// A bundle by hand: each message with the size that is claimed for it.
std::vector<std::uint8_t> bundle_of(const Parts& parts) {
    const auto put = [](std::vector<std::uint8_t>& to, std::uint32_t number) {
        std::array<std::uint8_t, sizeof number> bytes{};
        std::memcpy(bytes.data(), &number, sizeof number);
        to.insert(to.end(), bytes.begin(), bytes.end());
    };
    std::vector<std::uint8_t> made;
    put(made, static_cast<std::uint32_t>(message::Kind::several));
    for (const auto& [size, bytes] : parts) {
        put(made, size);
        made.insert(made.end(), bytes.begin(), bytes.end());
    }
    return made;
}

std::vector<std::uint8_t> bytes_of(message::Kind kind) {
    std::vector<std::uint8_t> bytes(sizeof kind);
    std::memcpy(bytes.data(), &kind, sizeof kind);
    return bytes;
}

} // namespace

TEST_CASE("a bundle is full at some time, and its messages come one by one in their order") {
    Line line;
    Bundle bundle;
    for (int time = 0; time < 2; ++time) { // it can be used again
        int added = 0;
        while (bundle.add(stored(added)))
            ++added;
        CHECK(bundle.count() == static_cast<std::size_t>(added));
        CHECK(bundle.datagram().size() > Bundle::largest - sizeof(message::Stored) - sizeof(std::uint32_t));
        REQUIRE(line.ends.first.send(bundle.datagram()) == Channel::Sent::done);
        REQUIRE(line.ends.first.send_struct(message::Ended{}) == Channel::Sent::done);
        for (int row = 0; row < added; ++row) {
            REQUIRE(line.mailbox.next() == Mailbox::Next::message);
            REQUIRE(line.mailbox.as<message::Stored>());
            REQUIRE(line.mailbox.as<message::Stored>()->row == RowNumber{row});
            REQUIRE(line.mailbox.more() == (row + 1 < added));
        }
        REQUIRE(line.mailbox.next() == Mailbox::Next::message);
        CHECK(line.mailbox.as<message::Ended>());
        bundle.clear();
    }
}

TEST_CASE("messages that belong together are added together or not at all") {
    Bundle bundle;
    while (bundle.add(stored(1))) {
    }
    const std::size_t before = bundle.count();
    CHECK_FALSE(bundle.add(message::Ended{}, stored(2)));
    CHECK(bundle.count() == before);
}

TEST_CASE("a single message of a bundle is sent as it would be without one") {
    Line line;
    Bundle bundle;
    REQUIRE(bundle.add(stored(5)));
    CHECK(bundle.datagram().size() == sizeof(message::Stored));
    REQUIRE(line.ends.first.send(bundle.datagram()) == Channel::Sent::done);
    REQUIRE(line.mailbox.next() == Mailbox::Next::message);
    CHECK(line.mailbox.as<message::Stored>()->row == RowNumber{5});
    CHECK_FALSE(line.mailbox.more());
}

TEST_CASE("a bundle that is not one is broken, and what comes after it is read") {
    const auto ended = bytes_of(message::Kind::ended);
    const std::vector<Parts> wrong{
        {},
        {{0, {}}},
        {{3, {1, 2, 3}}}, // shorter than a kind
        {{5, ended}},     // ends too early
        {{0xffffffff, ended}},
        {{0xfffffffc, ended}},
        {{4, bytes_of(message::Kind::several)}}, // one within another
    };
    for (const Parts& parts : wrong) {
        Line line;
        REQUIRE(line.ends.first.send(bundle_of(parts)) == Channel::Sent::done);
        REQUIRE(line.ends.first.send(ended) == Channel::Sent::done);
        CHECK(line.mailbox.next() == Mailbox::Next::broken);
        CHECK_FALSE(line.mailbox.more());
        REQUIRE(line.mailbox.next() == Mailbox::Next::message);
        CHECK(line.mailbox.as<message::Ended>());
    }
}

TEST_CASE("of a bundle that is cut its whole messages come, and then it is broken") {
    Line line;
    const auto ended = bytes_of(message::Kind::ended);
    auto cut = bundle_of({{4, ended}, {4, ended}});
    cut.pop_back();
    REQUIRE(line.ends.first.send(cut) == Channel::Sent::done);
    REQUIRE(line.mailbox.next() == Mailbox::Next::message);
    CHECK(line.mailbox.more());
    CHECK(line.mailbox.next() == Mailbox::Next::broken);
    CHECK_FALSE(line.mailbox.as<message::Ended>());
    CHECK(line.mailbox.next() == Mailbox::Next::nothing_yet);
}
