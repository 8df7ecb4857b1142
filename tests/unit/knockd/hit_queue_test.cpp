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
    REQUIRE(queue.size() > 0);
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

    queue.send(hit(7)); // at once again
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
    }
    CHECK(queue.size() == HitQueue::most);
    theirs.set_nonblocking();
    CHECK(read_all(theirs).size() == sent - HitQueue::most);
    queue.flush();
    CHECK_FALSE(queue.full());
}

} // namespace otk
