#include "sys/channel.h"

#include "helpers.h"

#include <array>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <vector>

namespace otk {

using What = Channel::Received::What;

namespace {

struct Sample {
    std::uint32_t kind = 7;
    std::uint32_t value = 0;
};

Channel::Received receive(Channel& channel, Sample& into) {
    return channel.receive({reinterpret_cast<std::uint8_t*>(&into), sizeof into});
}

} // namespace

TEST_CASE("channel: a struct arrives whole, in order, one message a call") {
    auto [left, right] = Channel::make_pair();
    for (std::uint32_t number = 1; number <= 3; ++number) {
        CHECK(left.send_struct(Sample{.value = number}) == Channel::Sent::done);
    }
    for (std::uint32_t number = 1; number <= 3; ++number) {
        Sample got;
        const auto received = receive(right, got);
        CHECK(received.what == What::message);
        CHECK(received.size == sizeof(Sample));
        CHECK(got.value == number);
    }
}

TEST_CASE(
    "channel: what waits at one end is known to whoever holds it, and the other direction is not counted") {
    auto [left, right] = Channel::make_pair();
    CHECK(right.waiting() == 0);
    for (std::size_t sent = 1; sent <= 3; ++sent) {
        REQUIRE(left.send_struct(Sample{}) == Channel::Sent::done);
        CHECK(right.waiting() == sent * sizeof(Sample));
    }
    CHECK(left.waiting() == 0);
    Sample got;
    CHECK(receive(right, got).what == What::message);
    CHECK(right.waiting() == 2 * sizeof(Sample));
}

TEST_CASE("channel: a message that does not fit is dropped, told with its size, and the next one is whole") {
    auto [left, right] = Channel::make_pair();
    const std::vector<std::uint8_t> large(sizeof(Sample) + 1, 0xAA);
    REQUIRE(left.send(large) == Channel::Sent::done);
    REQUIRE(left.send_struct(Sample{.value = 5}) == Channel::Sent::done);
    Sample got;
    const auto first = receive(right, got);
    CHECK(first.what == What::too_long);
    CHECK(first.size == large.size());
    CHECK(receive(right, got).what == What::message);
    CHECK(got.value == 5);
}

TEST_CASE("channel: a short message shows its true size") {
    auto [left, right] = Channel::make_pair();
    const std::array<std::uint8_t, 3> small{1, 2, 3};
    REQUIRE(left.send(small) == Channel::Sent::done);
    Sample got;
    const auto received = receive(right, got);
    CHECK(received.what == What::message);
    CHECK(received.size == small.size());
}

TEST_CASE("channel: non-blocking ends say so in both directions") {
    auto [left, right] = Channel::make_pair();
    left.set_nonblocking();
    right.set_nonblocking();
    Sample got;
    CHECK(receive(right, got).what == What::nothing_yet);
    std::size_t sent = 0;
    while (left.send_struct(Sample{}) == Channel::Sent::done) {
        ++sent;
    }
    CHECK(sent > 0);
    std::size_t arrived = 0;
    while (receive(right, got).what == What::message) {
        ++arrived;
    }
    CHECK(arrived == sent); // what was refused left nothing behind
}

TEST_CASE("channel: wider buffers hold more messages") {
    const auto capacity = [](Channel& channel) {
        channel.set_nonblocking();
        std::size_t sent = 0;
        while (channel.send_struct(Sample{}) == Channel::Sent::done) {
            ++sent;
        }
        return sent;
    };
    auto [narrow, narrow_end] = Channel::make_pair();
    auto [wide, wide_end] = Channel::make_pair();
    narrow.widen(
        8192); // below every system's limit, so that the other end of the comparison holds without root too
    wide.widen(65536);
    CHECK(capacity(wide) > capacity(narrow));
}

TEST_CASE("channel: the other end's death is an answer, not a signal") {
    std::signal(SIGPIPE, SIG_DFL);
    auto [left, right] = Channel::make_pair();
    REQUIRE(left.send_struct(Sample{.value = 9}) == Channel::Sent::done);
    { const Channel gone = std::move(left); }
    Sample got;
    CHECK(receive(right, got).what == What::message); // what was sent before is not lost
    CHECK(got.value == 9);
    CHECK(receive(right, got).what == What::closed);
    CHECK(right.send_struct(Sample{}) == Channel::Sent::closed);

    auto [third, fourth] = Channel::make_pair();
    REQUIRE(third.send_struct(Sample{}) == Channel::Sent::done);
    { const Channel gone = std::move(fourth); } // with a message unread: the kernel answers ECONNRESET
    CHECK(receive(third, got).what == What::closed);
}

TEST_CASE("channel: both ends are closed by exec, and an empty message is a broken promise") {
    auto [left, right] = Channel::make_pair();
    CHECK((fcntl(left.fd(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((fcntl(right.fd(), F_GETFD) & FD_CLOEXEC) != 0);
    Channel& sender = left;
    CHECK(test::killed_by(test::status_of([&sender] { (void)sender.send({}); }), SIGABRT));
}

} // namespace otk
