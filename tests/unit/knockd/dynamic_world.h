// A World with a server key, sessions, and what they say to the monitor and to capture.
#pragma once

#include "base/random.h"
#include "base/text.h"
#include "knockd/mailbox.h"
#include "knockd/validate/outlet.h"
#include "knockd/validate/server_keys.h"
#include "knockd/validate/sessions.h"
#include "tests/unit/knockd/asking.h"

#include <filesystem>
#include <fstream>

namespace otk::test {

using namespace std::chrono_literals;

inline RandomSource counting_random(std::uint64_t seed) {
    return [engine = std::mt19937_64(seed)](MutableBytes bytes) mutable {
        for (std::uint8_t& byte : bytes)
            byte = static_cast<std::uint8_t>(engine());
    };
}

// The file of a private key, as `knockmgr init` makes it.
inline void write_key(const std::filesystem::path& folder, std::int64_t number, const ServerKey& key) {
    std::filesystem::create_directories(folder);
    std::ofstream file(folder / fmt::format("{}.key", number));
    file << to_hex(key.bytes()) << '\n';
}

inline ServerKey add_key(World& w, std::uint64_t seed, std::optional<Time> others_end = {}) {
    ServerKey key = ServerKey::generate(counting_random(seed));
    const auto make = [&](std::int64_t number) {
        write_key(w.folder / "server", number, key);
        return key.public_key();
    };
    (void)w.admin->add_server_key(make, others_end);
    return key;
}

struct DynamicWorld {
    World w;
    ServerKey key = add_key(w, 1);
    ServerKeys keys{w.folder / "server"};
    std::pair<Channel, Channel> monitor = Channel::make_pair(); // ours, and the other side
    std::pair<Channel, Channel> capture = Channel::make_pair();
    Outlet outlet{monitor.first, capture.first};
    Mailbox to_monitor{monitor.second};
    Mailbox to_capture{capture.second};
    ManualClock clock{w.now};
    std::chrono::nanoseconds monotonic = 100h;
    std::optional<Sessions> sessions;

    DynamicWorld() {
        for (Channel* each : {&monitor.first, &monitor.second, &capture.first, &capture.second}) {
            each->widen(8 << 20);
            each->set_nonblocking();
        }
        REQUIRE(keys.load(*w.policy, w.now).empty());
        w.server_keys = &keys;
        w.restart();
        sessions.emplace(Sessions::World{*w.ledger, outlet, clock, [this] { return monotonic; },
                                         counting_random(9), World::forward_ports});
    }
    void pass(std::chrono::nanoseconds time) {
        monotonic += time;
        clock.advance(time);
        w.now += time;
    }
    Member member(const std::string& user, const GrantRules& rules = {}) {
        return w.add(user, "ssh", {.rules = rules, .command = forward(60s), .with_key = true});
    }
    DynamicClient client(const Member& member, Count count, std::uint64_t seed = 2) {
        DynamicRequest request;
        request.value = member.at(count);
        request.time = std::chrono::floor<std::chrono::seconds>(w.now);
        request.address = *Address::parse("192.0.2.7");
        request.syns = {{{2000, 1}, {3000, 2}, {4000, 3}}};
        return {request,
                SigningKey::of(*member.secret),
                {server_id, "ssh"},
                key.public_key(),
                counting_random(seed)};
    }
    // P1 as capture hands it on, and what acceptance makes of it.
    Outbox judge(const DynamicClient& client) {
        const auto& bytes = client.request();
        message::Hit hit = hit_of(w, {bytes.begin(), bytes.end()});
        hit.destination = *Address::parse("192.0.2.1");
        hit.destination_port = 62201;
        return w.take({hit}, {request_of({bytes.begin(), bytes.end()})});
    }
    // Accepted, its session begun.
    message::Act accept(const DynamicClient& client) {
        Outbox out = judge(client);
        REQUIRE(out.acts.size() == 1);
        REQUIRE(out.requests.size() == 1);
        sessions->begin(std::move(out.requests[0]));
        return out.acts[0];
    }

    // The next message, of this kind.
    template <typename Message>
    Message next(Mailbox& mailbox) {
        outlet.flush();
        REQUIRE(mailbox.next() == Mailbox::Next::message);
        CAPTURE(static_cast<unsigned>(mailbox.kind()));
        const auto message = mailbox.as<Message>();
        REQUIRE(message);
        return *message;
    }
    message::Expect expected() { return next<message::Expect>(to_capture); }
    message::Act told() { return next<message::Act>(to_monitor); }
    [[nodiscard]] bool silent() {
        outlet.flush();
        return to_monitor.next() == Mailbox::Next::nothing_yet &&
               to_capture.next() == Mailbox::Next::nothing_yet;
    }
    // P2, and what P3 says; nothing where none comes.
    std::optional<DynamicAnswer> ask(DynamicClient& client, std::uint64_t session) {
        message::Asked asked;
        asked.session = session;
        asked.bytes = client.ask();
        sessions->asked(asked);
        outlet.flush();
        if (to_capture.next() != Mailbox::Next::message) return std::nullopt;
        const auto reply = to_capture.as<message::Reply>();
        REQUIRE(reply);
        CHECK(reply->to.text() == "192.0.2.7");
        CHECK(reply->to_port == 40'000);
        CHECK(reply->from.text() == "192.0.2.1");
        CHECK(reply->from_port == 62201);
        return client.answer(reply->bytes);
    }
    message::Done done(const message::Act& act, Outcome outcome) {
        message::Done made;
        made.row = act.row.row;
        made.outcome = outcome;
        if (outcome != Outcome::opened && outcome != Outcome::prolonged) return made;
        made.port = act.port;
        made.deadline = act.deadline;
        return made;
    }
};

} // namespace otk::test
