// Which SYN segments and which P2 belong to an accepted dynamic request.

#include "knockd/capture/session_watch.h"
#include "tests/unit/net/make_frame.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace otk;
using namespace std::chrono_literals;

namespace {

const Address client = *Address::parse("192.0.2.7");
const Address client6 = *Address::parse("2001:db8::7");

Packet syn(const Address& source, std::uint16_t port, std::uint32_t sequence) {
    Packet packet;
    packet.transport = Transport::tcp_syn;
    packet.source = source;
    packet.destination_port = port;
    packet.sequence = sequence;
    return packet;
}

message::Expect expecting(std::uint64_t session, const Address& source = client) {
    message::Expect expect;
    expect.session = session;
    expect.id[0] = static_cast<std::uint8_t>(session);
    expect.id[1] = static_cast<std::uint8_t>(session >> 8U);
    expect.source = source;
    expect.syns = {{{2000, 1}, {3000, 0xffffffff}, {65535, 0x80000000}}};
    expect.syns_wanted = 3;
    return expect;
}

const std::optional<std::uint64_t> none;

} // namespace

TEST_CASE("three SYNs in any order, each as often as it comes, are one arrival") {
    for (const Address& source : {client, client6}) {
        std::array<std::size_t, 3> order{0, 1, 2};
        do {
            SessionWatch watch(7);
            const message::Expect expect = expecting(5, source);
            watch.expect(expect);
            std::optional<std::uint64_t> arrived;
            for (std::size_t i = 0; i < order.size(); ++i) {
                const message::Expect::Syn& each = expect.syns[order[i]];
                const Packet packet = syn(source, each.port, each.sequence);
                arrived = watch.take(packet);
                CHECK(arrived.has_value() == (i == 2));
                CHECK(watch.take(packet) == none); // a retransmission
            }
            CHECK(arrived == 5);
            for (const message::Expect::Syn& each : expect.syns) // all of them, once more
                CHECK(watch.take(syn(source, each.port, each.sequence)) == none);
            CHECK(watch.with(expect.id) == 5); // P2 is still known
        } while (std::next_permutation(order.begin(), order.end()));
    }
}

TEST_CASE("a SYN that differs in anything that was declared does not count") {
    SessionWatch watch(7);
    watch.expect(expecting(5));
    const auto both_others_come = [&watch] {
        CHECK(watch.take(syn(client, 3000, 0xffffffff)) == none);
        return watch.take(syn(client, 65535, 0x80000000));
    };
    CHECK(watch.take(syn(client, 2000, 2)) == none);
    CHECK(watch.take(syn(client, 2001, 1)) == none);
    CHECK(watch.take(syn(*Address::parse("192.0.2.8"), 2000, 1)) == none);
    CHECK(watch.take(syn(client6, 2000, 1)) == none);
    CHECK(both_others_come() == none);
    CHECK(watch.take(syn(client, 2000, 1)) == 5);
}

TEST_CASE("sequence numbers that a firewall rewrites may be ignored, ports not") {
    SessionWatch watch(7);
    message::Expect expect = expecting(5);
    expect.ignore_sequence = 1;
    watch.expect(expect);
    CHECK(watch.take(syn(client, 2000, 77)) == none);
    CHECK(watch.take(syn(client, 2001, 78)) == none);
    CHECK(watch.take(syn(client, 3000, 79)) == none);
    CHECK(watch.take(syn(client, 65535, 80)) == 5);
}

TEST_CASE("several requests of one source, also with the same ports, do not get into each other's way") {
    SessionWatch watch(7);
    message::Expect other = expecting(6);
    other.syns[1].sequence = 9;
    watch.expect(expecting(5));
    watch.expect(other);
    CHECK(watch.take(syn(client, 2000, 1)) == none); // both declared it
    CHECK(watch.take(syn(client, 65535, 0x80000000)) == none);
    CHECK(watch.take(syn(client, 3000, 9)) == 6);
    CHECK(watch.take(syn(client, 3000, 0xffffffff)) == 5);

    // Of two that are complete at once, the other one is with the next retransmission.
    watch.expect(expecting(7));
    watch.expect(expecting(8));
    CHECK(watch.take(syn(client, 2000, 1)) == none);
    CHECK(watch.take(syn(client, 3000, 0xffffffff)) == none);
    const auto one = watch.take(syn(client, 65535, 0x80000000));
    const auto two = watch.take(syn(client, 65535, 0x80000000));
    REQUIRE((one && two));
    CHECK(*one + *two == 7 + 8);
    CHECK(watch.take(syn(client, 65535, 0x80000000)) == none);
}

TEST_CASE("what is forgotten, said again, or not wanted") {
    SessionWatch watch(7);
    const message::Expect expect = expecting(5);
    const auto all_come = [&watch] {
        (void)watch.take(syn(client, 2000, 1));
        (void)watch.take(syn(client, 3000, 0xffffffff));
        return watch.take(syn(client, 65535, 0x80000000));
    };
    watch.expect(expect);
    (void)watch.take(syn(client, 2000, 1));
    watch.expect(expect); // begins anew
    CHECK(watch.size() == 1);
    (void)watch.take(syn(client, 3000, 0xffffffff));
    CHECK(watch.take(syn(client, 65535, 0x80000000)) == none);
    CHECK(watch.take(syn(client, 2000, 1)) == 5);

    message::Expect only_questions = expect;
    only_questions.syns_wanted = 0;
    watch.expect(only_questions);
    CHECK(all_come() == none);
    CHECK(watch.with(expect.id) == 5);

    watch.forget(4);
    watch.forget(5);
    watch.forget(5);
    CHECK(watch.size() == 0);
    CHECK(watch.with(expect.id) == none);

    watch.expect(expect);
    watch.clear();
    CHECK(all_come() == none);
    CHECK(watch.with(expect.id) == none);
    watch.expect(expect);
    CHECK(all_come() == 5);
}

TEST_CASE("questions pass so many times a second, of each request and of all") {
    SessionWatch watch(7);
    constexpr std::uint64_t sessions = 2 * SessionWatch::most_of_all / SessionWatch::most_of_one;
    for (std::uint64_t session = 1; session <= sessions; ++session)
        watch.expect(expecting(session));
    const auto passed = [&watch](std::uint64_t session, std::chrono::nanoseconds now) {
        unsigned count = 0;
        for (unsigned i = 0; i < 3 * SessionWatch::most_of_one; ++i)
            count += watch.pass(session, now) ? 1U : 0U;
        return count;
    };
    CHECK(passed(1, 10s) == SessionWatch::most_of_one);
    CHECK(passed(1, 10s + 999ms) == 0);
    CHECK(passed(1, 11s) == SessionWatch::most_of_one);
    unsigned all = 0;
    for (std::uint64_t session = 1; session <= sessions; ++session)
        all += passed(session, 20s);
    CHECK(all == SessionWatch::most_of_all);
    CHECK_FALSE(watch.pass(sessions + 1, 30s)); // nobody's
}

TEST_CASE("as many requests as there may be, in any order of coming and going") {
    SessionWatch watch(7);
    std::mt19937_64 random(5);
    std::vector<std::uint64_t> sessions;
    for (std::uint64_t session = 1; session <= message::most_sessions; ++session) {
        watch.expect(expecting(session, session % 3 == 0 ? client6 : client));
        sessions.push_back(session);
    }
    CHECK(watch.size() == message::most_sessions);
    std::shuffle(sessions.begin(), sessions.end(), random);
    for (const std::uint64_t session : sessions)
        watch.forget(session);
    CHECK(watch.size() == 0);
    CHECK(watch.take(syn(client, 2000, 1)) == none);
    watch.expect(expecting(5000)); // and there is room again
    CHECK(watch.size() == 1);
}
