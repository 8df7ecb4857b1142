#include "base/fd.h"
#include "firewall/nft.h"
#include "firewall/put_guard.h"
#include "tests/unit/firewall/own_network.h"

#include <array>
#include <cstdlib>
#include <set>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

namespace otk::test {

namespace {

constexpr std::uint16_t guarded_port = 2200;

Address parsed(std::string_view text) { return *Address::parse(text); }

GuardPlan plan_for_sessions() {
    GuardPlan plan;
    plan.services = {{Protocol::tcp, guarded_port}};
    return plan;
}

Session made_up(std::string_view peer, std::string_view here) {
    return {parsed(peer), 40000, parsed(here), guarded_port};
}

// A connection of this network with itself, by an address that is not the loopback's.
class Connection {
  public:
    Connection() {
        REQUIRE(std::system("ip link set lo up && ip address add 192.0.2.1/32 dev lo") == 0);
        const Fd listener(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)); // its ends are mapped
        sockaddr_in6 here{};
        here.sin6_family = AF_INET6;
        here.sin6_port = htons(guarded_port);
        REQUIRE(inet_pton(AF_INET6, "::ffff:192.0.2.1", &here.sin6_addr) == 1);
        const auto* const address = reinterpret_cast<const sockaddr*>(&here);
        REQUIRE(::bind(listener.get(), address, sizeof here) == 0);
        REQUIRE(::listen(listener.get(), 1) == 0);
        REQUIRE(existing_sessions(plan_for_sessions().services, {}).empty()); // a listener is none
        near_ = Fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(::connect(near_.get(), address, sizeof here) == 0);
        far_ = Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        REQUIRE(far_);
    }

  private:
    Fd near_;
    Fd far_;
};

} // namespace

TEST_CASE("sessions that exist: connections at guarded ports, over IPv4 where the socket is one of IPv6") {
    if (!in_own_network()) return;
    const Connection connection;
    const auto found = existing_sessions(plan_for_sessions().services, {});
    REQUIRE(found.size() == 1);
    CHECK(found.begin()->peer == parsed("192.0.2.1"));
    CHECK(found.begin()->here == parsed("192.0.2.1"));
    CHECK(found.begin()->port == guarded_port);
    CHECK(existing_sessions({{Protocol::tcp, guarded_port + 1}, {Protocol::udp, guarded_port}}, {}).empty());
    CHECK(existing_sessions(plan_for_sessions().services, {*Network::parse("192.0.2.0/24")}).empty());
    CHECK(existing_sessions(plan_for_sessions().services, {*Network::parse("192.0.3.0/24")}) == found);
}

TEST_CASE("a guard that is armed has the sessions that exist, without an end") {
    if (!in_own_network()) return;
    const Connection connection;
    const GuardPlan plan = plan_for_sessions();
    RulesetWatch watch;
    SessionSets sessions;
    CHECK(sessions.count() == 0); // and no guard
    CHECK(put_guard(watch, sessions, plan, std::nullopt, {}).empty());
    CHECK(sessions.count() == 1);
    const std::string element = " . 192.0.2.1 . 2200 }";
    CHECK(list_table(guard_table).find(element) != std::string::npos);
    SUBCASE("what is missing is added") {
        run_nft("flush set inet otk sessions4\n");
        CHECK(sessions.settle(plan));
        CHECK(list_table(guard_table).find(element) != std::string::npos);
    }
    SUBCASE("what a rule noted loses its end") {
        const Session session = *existing_sessions(plan.services, {}).begin();
        run_nft("flush set inet otk sessions4\nadd element inet otk sessions4 { 192.0.2.1 . " +
                std::to_string(session.peer_port) + " . 192.0.2.1 . 2200 timeout 1h }\n");
        CHECK(list_table(guard_table).find(" timeout 1h") != std::string::npos);
        CHECK(sessions.settle(plan));
        CHECK(list_table(guard_table).find(element) != std::string::npos);
    }
    SUBCASE("armed again it has it still, and once") {
        CHECK(put_guard(watch, sessions, plan, std::nullopt, {}).empty());
        CHECK(put_guard_anew(sessions, plan, std::nullopt, {}).empty());
        CHECK(sessions.count() == 1);
    }
}

TEST_CASE("what exists no more is removed when it was missing twice, in both families") {
    if (!in_own_network()) return;
    const GuardPlan plan = plan_for_sessions();
    run_nft(guard_ruleset_anew(plan, std::nullopt,
                               {made_up("198.51.100.1", "192.0.2.1"), made_up("2001:db8::2", "2001:db8::1")},
                               {}));
    SessionSets sessions;
    CHECK(sessions.count() == 2);
    CHECK(sessions.settle(plan));
    CHECK(sessions.count() == 2);
    run_nft("delete element inet otk sessions6 { 2001:db8::2 . 40000 . 2001:db8::1 . 2200 }\n");
    CHECK(sessions.settle(plan));
    CHECK(sessions.count() == 0);
    CHECK(sessions.settle(plan));
    CHECK(sessions.count() == 0);
}

TEST_CASE("very many sessions are armed; what is more than there is room for is left out, and they are "
          "removed in parts") {
    if (!in_own_network()) return;
    const GuardPlan plan = plan_for_sessions();
    std::set<Session> many;
    for (std::uint32_t number = 0; number < most_sessions + 10; ++number) {
        const std::array<std::uint8_t, 4> peer{10, static_cast<std::uint8_t>(number >> 16U),
                                               static_cast<std::uint8_t>(number >> 8U),
                                               static_cast<std::uint8_t>(number)};
        many.insert({Address::ipv4(peer), 40000, parsed("192.0.2.1"), guarded_port});
    }
    run_nft(guard_ruleset_anew(plan, std::nullopt, many, {}));
    SessionSets sessions;
    CHECK(sessions.count() == most_sessions);
    CHECK(sessions.settle(plan)); // none is known to be missing twice
    CHECK(sessions.count() == most_sessions);
    CHECK_FALSE(sessions.settle(plan));
    const std::size_t left = sessions.count();
    CHECK(left < most_sessions);
    CHECK_FALSE(sessions.settle(plan));
    CHECK(sessions.count() < left);
}

} // namespace otk::test
