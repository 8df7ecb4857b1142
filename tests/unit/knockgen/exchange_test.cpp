// Dynamic exchanges over loopback, with a server that hears, ignores and answers as each case says.
#include "base/promise.h"
#include "knockgen/dynamic/exchange.h"
#include "net/socket_address.h"

#include <algorithm>
#include <atomic>
#include <poll.h>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace otk;
using namespace std::chrono_literals;

namespace {

using Packet = std::vector<std::uint8_t>;

const Address home = *Address::parse("127.0.0.1");
const Address elsewhere = *Address::parse("127.0.0.2");
const Address nowhere = *Address::parse("255.255.255.255"); // the kernel lets nobody send there unasked

Fd bound_socket(const Address& address, std::uint16_t& port) {
    Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const SocketAddress here = socket_address(address, port);
    REQUIRE(bind(fd.get(), here.get(), here.size) == 0);
    sockaddr_in name{};
    socklen_t size = sizeof name;
    REQUIRE(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size) == 0);
    port = ntohs(name.sin_port);
    return fd;
}

// Lives in a thread of its own; what it saw is read when it has ended.
class Server {
  public:
    // What is said to each packet: nothing, one or several packets. `end` is set from the first P1 on.
    using Script = std::function<std::vector<Packet>(Server& server, Bytes packet)>;

    Server(const ServerKey& key, const Address& address, std::uint16_t& port, Script script) :
        key_(key), socket_(bound_socket(address, port)), script_(std::move(script)),
        thread_([this] { serve(); }) {}
    ~Server() { stop(); }
    void stop() {
        over_ = true;
        if (thread_.joinable()) thread_.join();
    }

    std::optional<DynamicServer> end;
    std::vector<Packet> requests;
    std::size_t questions = 0;
    std::atomic<std::size_t> said{0}; // packets; may be read at any time

    [[nodiscard]] Packet answer(DynamicStatus status) {
        const bool open = status == DynamicStatus::open;
        const auto packet =
            end->answer({status, static_cast<std::uint16_t>(open ? 50'123 : 0), open ? 30U : 0U, home});
        return {packet.begin(), packet.end()};
    }

  private:
    void serve() {
        pollfd watched{socket_.get(), POLLIN, 0};
        while (!over_) {
            if (poll(&watched, 1, 5) != 1) continue;
            std::array<std::uint8_t, 512> room{};
            sockaddr_in from{};
            socklen_t size = sizeof from;
            auto* const sender = reinterpret_cast<sockaddr*>(&from);
            const ssize_t got = recvfrom(socket_.get(), room.data(), room.size(), 0, sender, &size);
            if (got <= 0) continue;
            const Bytes packet = Bytes(room).first(static_cast<std::size_t>(got));
            note(packet);
            for (const Packet& each : script_(*this, packet)) {
                (void)sendto(socket_.get(), each.data(), each.size(), 0, sender, size);
                ++said;
            }
        }
    }
    void note(Bytes packet) {
        if (!looks_like_dynamic_request(packet)) {
            ++questions;
            return;
        }
        requests.emplace_back(packet.begin(), packet.end());
        if (end) return;
        auto opened = open_dynamic_request(packet, key_);
        if (opened) end.emplace(std::move(opened).take().keys);
    }

    const ServerKey& key_;
    Fd socket_;
    Script script_;
    std::atomic<bool> over_{false};
    std::thread thread_;
};

struct ExchangeScene {
    ServerKey key = ServerKey::generate(system_random);
    ChainSecret chain = ChainSecret::generate(Algorithm::sha256, system_random);
    std::shared_ptr<DynamicClient> client = make_client();
    std::vector<Address> syns{}; // where they went
    std::uint16_t port = 0;      // the same at each address

    [[nodiscard]] std::shared_ptr<DynamicClient> make_client() const {
        const DynamicRequest request{
            .value = chain.at(9), .time = {}, .address = {}, .syns = {{{1, 1}, {2, 2}, {3, 3}}}};
        return std::make_shared<DynamicClient>(request, SigningKey::of(chain), Addressee{{}, "ssh"},
                                               key.public_key(), system_random);
    }
    [[nodiscard]] Exchange exchange() {
        return {port, [this](const Target& way) { syns.push_back(way.address); }};
    }
};

Target to(const Address& address) { return {address, 0, home}; }

bool is_request(Bytes packet) { return looks_like_dynamic_request(packet); }

constexpr auto long_enough = 60s; // what comes to its end comes much earlier

} // namespace

TEST_CASE("P1 is repeated byte for byte until there is an answer, P2 and the SYNs until the door is open") {
    ExchangeScene scene;
    std::size_t asked = 0;
    Server server(scene.key, home, scene.port, [&](Server& self, Bytes packet) -> std::vector<Packet> {
        if (is_request(packet) || self.requests.size() < 3) return {}; // deaf to two of them
        return {self.answer(++asked < 4 ? DynamicStatus::waiting : DynamicStatus::open)};
    });
    Exchange exchange = scene.exchange();
    exchange.add(to(home), scene.client, 0ms);
    const Exchange::End end = exchange.run(long_enough);
    server.stop();
    REQUIRE(end.answer);
    CHECK(end.answer->status == DynamicStatus::open);
    CHECK(end.answer->port == 50'123);
    CHECK(end.answer->seen == home);
    CHECK(end.way.address == home);
    REQUIRE(server.requests.size() >= 3);
    CHECK(std::all_of(server.requests.begin(), server.requests.end(),
                      [&](const Packet& each) { return each == server.requests.front(); }));
    CHECK(server.questions >= 4);
    CHECK(scene.syns.size() >= 4);
}

TEST_CASE("each other answer ends it at once, too") {
    for (const DynamicStatus status : {DynamicStatus::refused, DynamicStatus::failed, DynamicStatus::over}) {
        ExchangeScene scene;
        Server server(scene.key, home, scene.port, [&](Server& self, Bytes packet) -> std::vector<Packet> {
            if (is_request(packet)) return {};
            return {self.answer(status)};
        });
        Exchange exchange = scene.exchange();
        exchange.add(to(home), scene.client, 0ms);
        const Exchange::End end = exchange.run(long_enough);
        REQUIRE(end.answer);
        CHECK(end.answer->status == status);
    }
}

TEST_CASE("of two ways with one request, the one that is answered counts") {
    ExchangeScene scene;
    Server silent(scene.key, home, scene.port, [](Server&, Bytes) -> std::vector<Packet> { return {}; });
    Server server(scene.key, elsewhere, scene.port, [](Server& self, Bytes packet) -> std::vector<Packet> {
        if (is_request(packet)) return {};
        return {self.answer(DynamicStatus::open)};
    });
    Exchange exchange = scene.exchange();
    exchange.add(to(home), scene.client, 0ms);
    exchange.add(to(elsewhere), scene.client, 0ms);
    const Exchange::End end = exchange.run(long_enough);
    silent.stop();
    server.stop();
    REQUIRE(end.answer);
    CHECK(end.way.address == elsewhere);
    REQUIRE(!silent.requests.empty());
    CHECK(silent.requests.front() == server.requests.front());
}

TEST_CASE("a way on which nothing can be sent is not waited for") {
    ExchangeScene scene;
    Server server(scene.key, elsewhere, scene.port, [](Server& self, Bytes packet) -> std::vector<Packet> {
        if (is_request(packet)) return {};
        return {self.answer(DynamicStatus::open)};
    });
    Exchange exchange = scene.exchange();
    exchange.add(to(nowhere), scene.make_client(), 0ms);
    exchange.add(to(elsewhere), scene.client, 24h);
    const Exchange::End end = exchange.run(long_enough);
    REQUIRE(end.answer);
    CHECK(end.way.address == elsewhere);
}

TEST_CASE("forged, cut, lengthened and overtaken answers are not heard") {
    ExchangeScene scene;
    std::optional<Packet> waiting;
    Server server(scene.key, home, scene.port, [&](Server& self, Bytes packet) -> std::vector<Packet> {
        if (is_request(packet)) return {};
        if (!waiting) {
            waiting = self.answer(DynamicStatus::waiting);
            return {*waiting};
        }
        Packet open = self.answer(DynamicStatus::open);
        Packet forged = open;
        forged[40] ^= 1U; // in its box
        Packet cut(open.begin(), open.end() - 1);
        Packet longer = open;
        longer.push_back(0);
        Packet garbage(dynamic_message_size, 0x42);
        const bool last = self.questions > 3;
        std::vector<Packet> all{forged, cut, longer, garbage, *waiting};
        if (last) all.push_back(open);
        return all;
    });
    Exchange exchange = scene.exchange();
    exchange.add(to(home), scene.client, 0ms);
    const Exchange::End end = exchange.run(long_enough);
    server.stop();
    REQUIRE(end.answer);
    CHECK(end.answer->status == DynamicStatus::open);
    CHECK(server.questions > 3);
}

TEST_CASE("without any answer the end says so; without a way that can be sent on it says why") {
    ExchangeScene scene;
    Server silent(scene.key, home, scene.port, [](Server&, Bytes) -> std::vector<Packet> { return {}; });
    Exchange unheard = scene.exchange();
    unheard.add(to(home), scene.client, 0ms);
    const Exchange::End nothing = unheard.run(150ms);
    CHECK(!nothing.answer);
    CHECK(nothing.trouble.empty());
    Exchange unsent = scene.exchange();
    unsent.add(to(nowhere), scene.client, 0ms);
    const Exchange::End trouble = unsent.run(150ms);
    CHECK(!trouble.answer);
    CHECK(trouble.trouble == "Permission denied");
}

TEST_CASE("a server that has the request and waits for ever is told apart from one that is silent") {
    ExchangeScene scene;
    Server server(scene.key, home, scene.port, [](Server& self, Bytes packet) -> std::vector<Packet> {
        if (is_request(packet)) return {};
        return {self.answer(DynamicStatus::waiting)};
    });
    Exchange exchange = scene.exchange();
    exchange.add(to(home), scene.client, 0ms);
    const Exchange::End end = exchange.run(700ms);
    REQUIRE(end.answer);
    CHECK(end.answer->status == DynamicStatus::waiting);
}

TEST_CASE("a flood at the client's port does not keep it beyond its time, nor from the answer behind it") {
    constexpr std::size_t most_at_once = 64;
    const auto behind = [](std::size_t flood, std::chrono::milliseconds timeout, bool until_all_is_said) {
        ExchangeScene scene;
        Server server(scene.key, home, scene.port, [&](Server& self, Bytes packet) -> std::vector<Packet> {
            if (is_request(packet)) return {};
            std::vector<Packet> all(flood, Packet(dynamic_message_size, 0x42));
            all.push_back(self.answer(DynamicStatus::open));
            return all;
        });
        Exchange exchange(scene.port, [&](const Target&) {
            while (until_all_is_said && server.said <= flood)
                std::this_thread::sleep_for(1ms);
            if (until_all_is_said) std::this_thread::sleep_for(2 * timeout); // now the time is over
        });
        exchange.add(to(home), scene.client, -1s); // everything is due at once
        return exchange.run(timeout).answer.has_value();
    };
    CHECK(behind(3 * most_at_once, long_enough, false));
    CHECK_FALSE(behind(most_at_once, 5ms, true)); // it has not read on without looking at the clock
}

TEST_CASE("pauses grow by half, and not without end") {
    const Pace::Moment begin{};
    Pace pace(begin, 100ms, 200ms);
    Pace::Moment now = begin;
    std::vector<std::chrono::milliseconds> pauses;
    for (int turn = 0; turn < 4; ++turn) {
        pace.said(now);
        pauses.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(pace.due() - now));
        now = pace.due();
    }
    CHECK(pauses == std::vector<std::chrono::milliseconds>{100ms, 150ms, 200ms, 200ms});
}
