// One message, one struct: nothing else gets through (DESIGN 7).

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
