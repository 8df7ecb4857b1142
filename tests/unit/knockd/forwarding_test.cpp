// Doors as the monitor opens them, with real relay processes, on the loopback interface.
#include "knockd/monitor/forwarding.h"

#include "base/promise.h"
#include "knockd/forward_messages.h"
#include "tests/unit/knockd/children.h"
#include "tests/unit/knockd/tcp.h"
#include "tests/unit/sys/helpers.h"

#include <csignal>
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>

#include <fmt/format.h>

namespace otk {

namespace {

using test::ip;

const Address user = ip("127.0.0.2");
const Address stranger = ip("127.0.0.3");
const Address target = ip("127.0.0.4");

struct World {
    test::Children children;
    test::Listening service = test::listen_on(target);
    std::vector<std::string> claimed;
    std::vector<std::string> refused;
    std::vector<std::string> lost;
    std::function<void()> told_claim = [] {}; // what the owner does about it
    std::unique_ptr<Forwarding> forwarding;
    std::vector<pid_t> relays_ended;

    World() {
        start();
        children.ended = [this](pid_t pid, int status) {
            if (forwarding && forwarding->child_ended(pid, status)) relays_ended.push_back(pid);
        };
    }
    ~World() { // leaves no process behind for the next case
        forwarding.reset();
        while (waitpid(-1, nullptr, 0) > 0) {
        }
    }
    void start() {
        const auto note = [](std::vector<std::string>& notes, RowNumber hold, const std::string& what) {
            notes.push_back(std::to_string(static_cast<std::int64_t>(hold)) + ": " + what);
        };
        Forwarding::Told told;
        told.claimed = [this, note](RowNumber hold, const Address& source) {
            note(claimed, hold, source.text());
            told_claim();
        };
        told.refused = [this, note](RowNumber hold, const Address& source) {
            note(refused, hold, source.text());
        };
        told.lost = [this, note](RowNumber hold, const std::string& why) { note(lost, hold, why); };
        forwarding = std::make_unique<Forwarding>(children.loop, nullptr, std::move(told));
    }
    // The only child of ours, by force.
    static void end_all() {
        pid_t pid = 0;
        std::ifstream("/proc/self/task/" + std::to_string(getpid()) + "/children") >> pid;
        REQUIRE(pid > 0);
        REQUIRE(::kill(pid, SIGKILL) == 0);
    }
    [[nodiscard]] Forwarding::Wanted wanted(std::int64_t hold, std::uint16_t port = 61'500) const {
        Forwarding::Wanted wanted;
        wanted.hold = RowNumber{hold};
        wanted.address = user;
        wanted.port = port;
        wanted.range = {61'500, 61'550};
        wanted.target = {target, service.port};
        wanted.how_long = std::chrono::hours{1};
        return wanted;
    }
    struct Joined {
        Fd user;
        Fd service;
    };
    [[nodiscard]] Joined join(std::uint16_t port) const {
        Fd connected = test::connect_from(user, ip("127.0.0.1"), port);
        return {std::move(connected), test::accept_one(service)};
    }
    void until_closed(std::uint16_t port) {
        children.until([&] {
            const Fd attempt = test::begin_to_connect(stranger, ip("127.0.0.1"), port);
            return test::progress_of(attempt) == test::Progress::refused; // instead of being unheard
        });
    }
};

void echoes(const World::Joined& joined, const std::string& text) {
    test::send_text(joined.user, text);
    CHECK(test::receive(joined.service, text.size()) == text);
}

} // namespace

TEST_CASE("forwarding: a door leads to its target, and closing it leaves what is connected") {
    World world;
    const std::uint16_t port = world.forwarding->open(world.wanted(1));
    CHECK(port >= 61'500);
    World::Joined joined = world.join(port);
    echoes(joined, "first");
    world.forwarding->close(RowNumber{1});
    world.forwarding->close(RowNumber{1}); // there is none any more
    world.until_closed(port);
    echoes(joined, "second");
    joined = {};
    world.children.until([&] { return !world.relays_ended.empty(); });
    CHECK(world.lost.empty());
}

TEST_CASE("forwarding: a port that is taken is passed over, and one that is left is taken again") {
    World world;
    const std::uint16_t first = world.forwarding->open(world.wanted(1));
    const std::uint16_t second = world.forwarding->open(world.wanted(2, first));
    CHECK(second > first);
    const World::Joined joined = world.join(second);
    world.forwarding->close(RowNumber{1});
    world.until_closed(first);
    CHECK(world.forwarding->open(world.wanted(3, first)) == first);
    echoes(joined, "the second door goes on");
}

TEST_CASE("forwarding: where all nine ports are taken there is no door") {
    World world;
    auto wanted = world.wanted(1, 61'560);
    wanted.range = {61'560, 61'562};
    for (int i = 1; i <= 3; ++i) {
        wanted.hold = RowNumber{i};
        (void)world.forwarding->open(wanted);
    }
    wanted.hold = RowNumber{4};
    CHECK_THROWS_WITH_AS((void)world.forwarding->open(wanted),
                         "no port is free for the door: 61560 to 61562 are taken", Error);
    world.forwarding->close(RowNumber{4}); // nothing is left of it
    wanted.port = 22;
    CHECK_THROWS_AS((void)world.forwarding->open(wanted), Error);
}

TEST_CASE("forwarding: after a restart the same port is free, and old connections live on") {
    World world;
    const std::uint16_t port = world.forwarding->open(world.wanted(1));
    const World::Joined old = world.join(port);
    world.forwarding.reset();
    world.until_closed(port);
    world.start();
    CHECK(world.forwarding->open(world.wanted(1, port)) == port);
    echoes(world.join(port), "new");
    echoes(old, "old");
    world.forwarding.reset();
}

TEST_CASE("forwarding: a door closes by itself, and can be prolonged before that") {
    World world;
    auto brief = world.wanted(1);
    brief.how_long = std::chrono::milliseconds{300};
    const std::uint16_t port = world.forwarding->open(brief);
    World::Joined joined = world.join(port);
    brief.how_long = std::chrono::milliseconds{1500};
    CHECK(world.forwarding->open(brief) == port);
    bool past_first_end = false;
    const auto timer =
        world.children.loop.after(std::chrono::milliseconds{800}, [&] { past_first_end = true; });
    world.children.until([&] { return past_first_end; });
    echoes(world.join(port), "prolonged");
    world.until_closed(port);
    echoes(joined, "after the end");
    joined = {};
    world.children.until([&] { return !world.relays_ended.empty(); });
    CHECK(world.lost.empty());
    CHECK(world.forwarding->open(world.wanted(1, port)) == port); // the hold is unknown now: a new door
}

TEST_CASE("forwarding: a relay that dies early is told, once, with its hold") {
    World world;
    const std::uint16_t port = world.forwarding->open(world.wanted(7));
    world.end_all();
    world.children.until([&] { return !world.lost.empty(); });
    CHECK(world.lost == std::vector<std::string>{"7: knockd-forward ended with signal 9 (Killed)"});
    CHECK(world.forwarding->open(world.wanted(7, port)) == port);
}

TEST_CASE("forwarding: who has claimed a door in an earlier life keeps it, whatever the grant says now") {
    World world;
    auto wanted = world.wanted(1);
    wanted.address = {};
    wanted.claims = 1;
    wanted.claimed = {user, ip("127.0.0.5")};
    const std::uint16_t port = world.forwarding->open(wanted);
    const Fd unheard = test::begin_to_connect(stranger, ip("127.0.0.1"), port);
    const Fd second = test::connect_from(ip("127.0.0.5"), ip("127.0.0.1"), port);
    const Fd second_service = test::accept_one(world.service);
    echoes(world.join(port), "first");
    CHECK(test::progress_of(unheard) == test::Progress::unheard);
}

// A program in the place of knockd-forward, for as long as it lives.
class OtherRelay {
  public:
    explicit OtherRelay(const std::string& script) : real_(std::getenv("OTK_LIBEXEC")) {
        const auto program = folder_.path() / "knockd-forward";
        std::ofstream(program) << "#!/bin/sh\n" << script << "\nexec sleep 1000\n";
        std::filesystem::permissions(program, std::filesystem::perms::owner_all);
        ::setenv("OTK_LIBEXEC", folder_.path().c_str(), 1);
    }
    ~OtherRelay() { ::setenv("OTK_LIBEXEC", real_.c_str(), 1); }
    OtherRelay(const OtherRelay&) = delete;
    OtherRelay& operator=(const OtherRelay&) = delete;

  private:
    std::string real_;
    test::TemporaryDirectory folder_;
};

// A message of this kind with this IPv4 address, as words for the shell.
std::string says(message::Kind kind, const std::string& address) {
    message::ForwardClaimed message{kind, ip(address)};
    std::string words = "printf '";
    for (const std::uint8_t byte : Bytes(reinterpret_cast<const std::uint8_t*>(&message), sizeof message))
        words += fmt::format("\\{:03o}", byte);
    return words + "' >&3\n";
}

const std::string broken = "knockd-forward sent a message that breaks its contract, and was killed";

TEST_CASE("forwarding: a relay that breaks its contract is killed, and the door is lost") {
    using message::Kind;
    const std::string claim = says(Kind::forward_claimed, "203.0.113.7");
    const std::string refusal = says(Kind::forward_refused, "203.0.113.8");
    std::string refusals;
    for (unsigned i = 0; i <= message::largest_refusals; ++i)
        refusals += refusal;
    struct {
        std::string says;
        unsigned claims; // 0: the door is for one address
        std::size_t claimed, refused;
    } const cases[] = {
        {"printf 'x' >&3", 0, 0, 0},                                             // too short for any message
        {"printf 'what a nice day it is' >&3", 0, 0, 0},                         // no message
        {claim, 0, 0, 0},                                                        // there is nothing to claim
        {claim + claim, 2, 1, 0},                                                // twice
        {claim + says(Kind::forward_claimed, "203.0.113.9"), 1, 1, 0},           // more than there is
        {says(Kind::forward_claimed, "127.0.0.1"), 1, 0, 0},                     // no door is for that one
        {refusal + says(Kind::forward_refused, "224.0.0.1") + refusal, 0, 0, 1}, // no source
        {refusals, 0, 0, message::largest_refusals},                             // it never stops
        {says(Kind::forward_setup, "203.0.113.7"), 0, 0, 0},                     // what only we say
    };
    for (const auto& each : cases) {
        CAPTURE(each.says);
        World world;
        auto wanted = world.wanted(5);
        if (each.claims > 0) wanted.address = {};
        wanted.claims = each.claims;
        const OtherRelay other(each.says);
        const std::uint16_t port = world.forwarding->open(wanted);
        world.children.until([&] { return !world.lost.empty() && !world.relays_ended.empty(); });
        CHECK(world.lost == std::vector<std::string>{"5: " + broken});
        CHECK(world.claimed.size() == each.claimed);
        CHECK(world.refused.size() == each.refused);
        CHECK(test::progress_of(test::begin_to_connect(user, ip("127.0.0.1"), port)) ==
              test::Progress::refused);
    }
}

TEST_CASE("forwarding: a claim is told, and it may be the end of the door") {
    World world;
    world.told_claim = [&] { world.forwarding->close(RowNumber{6}); };
    auto wanted = world.wanted(6);
    wanted.address = {};
    const OtherRelay other(says(message::Kind::forward_claimed, "203.0.113.7"));
    (void)world.forwarding->open(wanted);
    world.children.until([&] { return !world.claimed.empty(); });
    CHECK(world.claimed == std::vector<std::string>{"6: 203.0.113.7"});
    CHECK(world.lost.empty());
    world.end_all(); // this one does not know when to end
}

} // namespace otk
