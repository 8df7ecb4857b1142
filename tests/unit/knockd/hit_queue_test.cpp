#include "knockd/capture/hit_queue.h"
#include "knockd/mailbox.h"

#include <doctest/doctest.h>

namespace otk {

namespace {

message::Hit hit(std::uint16_t number) {
    message::Hit made;
    made.source_port = number;
    return made;
}

// All that has arrived, in order; each is a hit.
std::vector<std::uint16_t> read_all(Channel& channel) {
    std::vector<std::uint16_t> numbers;
    Mailbox mailbox(channel);
    while (mailbox.next() == Mailbox::Next::message) {
        const auto got = mailbox.as<message::Hit>();
        REQUIRE(got);
        numbers.push_back(got->source_port);
    }
    return numbers;
}

} // namespace

TEST_CASE("hits wait in order while nobody reads, and none is lost when somebody does") {
    auto [ours, theirs] = Channel::make_pair();
    ours.set_nonblocking();
    theirs.set_nonblocking();
    EventLoop loop;
    HitQueue queue(loop, ours);
    constexpr std::uint16_t all = 20'000; // more than a channel holds
    for (std::uint16_t number = 0; number < all; ++number)
        queue.send(hit(number));
    CHECK(queue.size() == all); // until the turn is over
    queue.end_turn();
    REQUIRE(queue.size() > 0);
    REQUIRE(queue.size() < all);
    CHECK_FALSE(queue.full());

    std::vector<std::uint16_t> arrived;
    loop.on_readable(theirs.fd(), [&, &theirs = theirs] {
        for (const std::uint16_t number : read_all(theirs))
            arrived.push_back(number);
        if (arrived.size() == all) loop.stop();
    });
    loop.run(); // the queue goes on by itself, as the channel gets room
    CHECK(queue.size() == 0);
    for (std::uint16_t number = 0; number < all; ++number)
        REQUIRE(arrived[number] == number);

    queue.send(hit(7)); // there is room again
    queue.end_turn();
    CHECK(queue.size() == 0);
    CHECK(read_all(theirs) == std::vector<std::uint16_t>{7});
}

TEST_CASE("a queue of hits has an end") {
    auto [ours, theirs] = Channel::make_pair();
    ours.set_nonblocking();
    EventLoop loop;
    HitQueue queue(loop, ours);
    std::size_t sent = 0;
    for (; !queue.full(); ++sent) {
        REQUIRE(sent < 2 * HitQueue::most);
        queue.send(hit(1));
        queue.end_turn();
    }
    CHECK(queue.size() == HitQueue::most);
    theirs.set_nonblocking();
    CHECK(read_all(theirs).size() == sent - HitQueue::most);
    queue.end_turn(); // the loop tells when there is room, and it does not run here
    CHECK(queue.full());
    queue.flush();
    CHECK_FALSE(queue.full());
}

namespace {

message::Hit signed_hit(std::uint16_t number, std::size_t size) {
    message::Hit made = hit(number);
    made.request_size = static_cast<std::uint16_t>(size);
    return made;
}

std::vector<std::uint8_t> request(std::uint16_t number, std::size_t size) {
    std::vector<std::uint8_t> bytes(size, static_cast<std::uint8_t>(number));
    bytes[0] = static_cast<std::uint8_t>(number >> 8);
    return bytes;
}

// Some plain ones first, so that the channel is full now behind a hit and now behind a request.
std::size_t size_of(std::uint16_t number, std::uint16_t plain) {
    if (number < plain) return 0;
    return number % 2 == 0 ? 108 : 364;
}

void send_all(HitQueue& queue, std::uint16_t all, std::uint16_t plain) {
    for (std::uint16_t number = 0; number < all; ++number) {
        const std::size_t size = size_of(number, plain);
        queue.send(signed_hit(number, size), size == 0 ? std::vector<std::uint8_t>{} : request(number, size));
    }
}

// What comes next: a hit, or the request of the one before.
class QueueReading {
  public:
    explicit QueueReading(std::uint16_t plain) : plain_(plain) {}
    void take(const Mailbox& mailbox) {
        if (missing_ == 0) return take_hit(mailbox);
        const auto behind = mailbox.as<message::Request>();
        REQUIRE(behind);
        REQUIRE(behind->size == missing_);
        const auto expected = request(static_cast<std::uint16_t>(hits_ - 1), missing_);
        REQUIRE(std::equal(expected.begin(), expected.end(), behind->bytes.begin()));
        missing_ = 0;
    }
    [[nodiscard]] bool whole(std::uint16_t hits) const { return hits_ == hits && missing_ == 0; }

  private:
    void take_hit(const Mailbox& mailbox) {
        const auto got = mailbox.as<message::Hit>();
        REQUIRE(got);
        REQUIRE(got->source_port == hits_);
        missing_ = got->request_size;
        REQUIRE(missing_ == size_of(hits_, plain_));
        ++hits_;
    }
    std::uint16_t plain_;
    std::uint16_t hits_ = 0;
    std::size_t missing_ = 0;
};

} // namespace

TEST_CASE("each hit is followed by its request, also when the channel fills up between the two") {
    for (std::uint16_t plain = 0; plain < 8; ++plain) {
        CAPTURE(plain);
        auto [ours, theirs] = Channel::make_pair();
        ours.set_nonblocking();
        theirs.set_nonblocking();
        EventLoop loop;
        HitQueue queue(loop, ours);
        constexpr std::uint16_t all = 2000;
        send_all(queue, all, plain);
        queue.end_turn();
        REQUIRE(queue.size() > 0);

        QueueReading reading(plain);
        Mailbox mailbox(theirs);
        loop.on_readable(theirs.fd(), [&] {
            do { // one datagram at a time
                REQUIRE(mailbox.next() == Mailbox::Next::message);
                reading.take(mailbox);
            } while (mailbox.more());
            if (reading.whole(all)) loop.stop();
        });
        loop.run();
        CHECK(queue.size() == 0);
    }
}

TEST_CASE("requests fill the queue by their bytes") {
    auto [ours, theirs] = Channel::make_pair();
    ours.set_nonblocking();
    EventLoop loop;
    HitQueue queue(loop, ours);
    std::size_t sent = 0;
    for (; !queue.full(); ++sent) {
        REQUIRE(sent < HitQueue::most);
        queue.send(signed_hit(1, largest_request), request(1, largest_request));
        queue.end_turn();
    }
    CHECK(queue.size() * largest_request <= HitQueue::most_request_bytes + largest_request);
    CHECK(queue.size() > HitQueue::most_request_bytes / largest_request - 3);
    while (queue.full()) {
        Mailbox mailbox(theirs);
        REQUIRE(mailbox.next() == Mailbox::Next::message);
        queue.flush();
    }
    CHECK(queue.size() > 0);
}

} // namespace otk
