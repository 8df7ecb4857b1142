#include "base/promise.h"
#include "firewall/ruleset.h"
#include "tests/unit/firewall/scene.h"

#include <optional>

#include <doctest/doctest.h>

namespace otk::test {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

} // namespace

TEST_CASE("a guard is never armed by itself, and doors say that it is off") {
    if (!in_own_network()) return;
    Scene scene;
    scene.start();
    CHECK(guard_text().empty());
    CHECK(scene.firewall->guard_state() == "off");
    CHECK(scene.open("192.0.2.1") == "the guard is off");
    CHECK(guard_text().empty());
}

TEST_CASE("before the first look nobody says that the guard is off") {
    if (!in_own_network()) return;
    Scene scene;
    scene.guard_on();
    scene.start();
    REQUIRE(scene.firewall->guard_state() == "armed");
    Firewall next(
        scene.loop, scene.clock, scene.policy, scene.config,
        Firewall::Needs{[] { return std::vector<Firewall::Standing>(); }, [](const std::string&) {}});
    CHECK(next.guard_state() == "not known yet");
    next.look_after();
    CHECK(next.guard_state() == "armed");
}

TEST_CASE("armed by the administrator's decision, with the doors that stand, and gone by it") {
    if (!in_own_network()) return;
    Scene scene;
    scene.start();
    CHECK(scene.open("192.0.2.1") == "the guard is off");
    scene.guard_on();
    scene.firewall->look_after();
    CHECK(scene.firewall->guard_state() == "armed");
    CHECK(has(guard_text(), "tcp . 22 }"));
    CHECK(has(guard_text(), "192.0.2.1 . tcp . 22 timeout 5m"));
    CHECK(scene.open("192.0.2.2").empty());
    CHECK(has(guard_text(), "192.0.2.2 . tcp . 22 timeout 5m"));
    scene.firewall->close({*Address::parse("192.0.2.2"), 32, ssh});
    CHECK_FALSE(has(guard_text(), "192.0.2.2"));
    scene.admin.set_guard({});
    scene.firewall->look_after();
    CHECK(guard_text().empty());
    CHECK(scene.firewall->guard_state() == "off");
    CHECK(scene.losses.empty());
}

TEST_CASE("commands that come and go change the guarded ports; doors stay") {
    if (!in_own_network()) return;
    Scene scene;
    scene.guard_on();
    scene.start();
    CHECK(scene.open("192.0.2.1").empty());
    const CommandId web = scene.add_command("web", {Protocol::tcp, 443}, 24);
    scene.firewall->look_after();
    CHECK(has(guard_text(), "tcp . 443"));
    CHECK(has(guard_text(), "192.0.2.1 . tcp . 22"));
    CHECK(has(guard_text(), "set door4_24"));
    scene.admin.set_command_enabled(web, false);
    scene.firewall->look_after();
    CHECK_FALSE(has(guard_text(), "tcp . 443"));
    CHECK(has(guard_text(), "192.0.2.1 . tcp . 22"));
    CHECK(scene.losses.empty());
}

TEST_CASE("a command that the guard does not know yet is opened all the same") {
    if (!in_own_network()) return;
    Scene scene;
    scene.guard_on();
    scene.start();
    (void)scene.add_command("wide", ssh, 24);
    CHECK(scene.open("192.0.2.1", 24).empty());
    CHECK(has(guard_text(), "192.0.2.0 . tcp . 22"));
}

TEST_CASE("a door is opened in a guard that stands, though this knockd has not looked at it yet") {
    if (!in_own_network()) return;
    Scene scene;
    scene.guard_on();
    scene.start();
    scene.firewall.reset(); // and another one, as after a restart
    scene.firewall.emplace(scene.loop, scene.clock, scene.policy, scene.config,
                           Firewall::Needs{[&] { return scene.standing; }, [](const std::string&) {}});
    CHECK(scene.open("192.0.2.1").empty());
    CHECK(has(guard_text(), "192.0.2.1 . tcp . 22"));
}

TEST_CASE("what others take away or change is put back with its doors, and told once") {
    if (!in_own_network()) return;
    for (const std::string attack :
         {"flush ruleset\n", "delete table inet otk\n", "flush chain inet otk judge\n",
          "flush chain inet otk guard\n", "flush set inet otk guarded\n",
          "insert rule inet otk guard accept\n", "table inet otk { flags dormant; }\n"}) {
        CAPTURE(attack);
        REQUIRE(in_own_network());
        Scene scene;
        scene.guard_on();
        scene.start();
        CHECK(scene.open("192.0.2.1").empty());
        const auto shape = [] {
            std::string text = guard_text();
            return text.substr(text.find("chain judge"));
        };
        const std::string before = shape();
        run_nft(attack);
        scene.firewall->look_after();
        CHECK(shape() == before);
        CHECK_FALSE(has(guard_text(), "dormant"));
        CHECK(has(guard_text(), "tcp . 22 }"));
        CHECK(has(guard_text(), "192.0.2.1 . tcp . 22 timeout 5m"));
        CHECK(scene.losses.size() == 1);
        scene.firewall->look_after();
        CHECK(scene.losses.size() == 1);
    }
}

TEST_CASE("the kernel tells of a flush, nobody has to look") {
    if (!in_own_network()) return;
    Scene scene;
    scene.guard_on();
    scene.start();
    run_nft("flush ruleset\n");
    // The loop ends when the loss is told; a guard that hears nothing is ended by the other timer.
    const auto poll = scene.loop.every(std::chrono::milliseconds{1}, [&] {
        if (!scene.losses.empty()) scene.loop.stop();
    });
    const auto limit = scene.loop.after(seconds{30}, [&] { scene.loop.stop(); });
    scene.loop.run();
    CHECK(scene.losses.size() == 1);
    CHECK(has(guard_text(), "chain judge"));
}

TEST_CASE("a door opened right after a flush: the guard is put back first") {
    if (!in_own_network()) return;
    Scene scene;
    scene.guard_on();
    scene.start();
    run_nft("flush ruleset\n");
    CHECK(scene.open("192.0.2.1").empty());
    CHECK(has(guard_text(), "192.0.2.1 . tcp . 22"));
    CHECK(scene.losses.size() == 1);
}

TEST_CASE("other tables that come and go are no loss") {
    if (!in_own_network()) return;
    Scene scene;
    scene.guard_on();
    scene.start();
    const std::string before = guard_text();
    run_nft("table inet other {\n chain input { type filter hook input priority 0; policy drop; }\n}\n");
    scene.firewall->look_after();
    run_nft("delete table inet other\n");
    scene.firewall->look_after();
    CHECK(guard_text() == before);
    CHECK(scene.losses.empty());
}

TEST_CASE("a trial carries its end in the kernel; confirmed it has none; over it is gone") {
    if (!in_own_network()) return;
    Scene scene;
    scene.start();
    scene.guard_on_trial(minutes{5});
    scene.firewall->look_after();
    CHECK(scene.firewall->guard_state().starts_with("armed until "));
    CHECK(has(guard_text(), "tcp . 22 timeout 4m"));
    SUBCASE("confirmed") {
        scene.guard_on();
        scene.firewall->look_after();
        CHECK(has(guard_text(), "tcp . 22 }"));
        CHECK(scene.firewall->guard_state() == "armed");
        scene.clock.advance(minutes{6});
        scene.firewall->look_after();
        CHECK(has(guard_text(), "tcp . 22 }"));
    }
    SUBCASE("over by the clock") {
        scene.clock.advance(minutes{5});
        scene.firewall->look_after();
        CHECK(guard_text().empty());
        CHECK(scene.losses.empty());
    }
    SUBCASE("ended by the kernel: it is not begun again, though the clock was set back") {
        scene.clock.advance(-minutes{60});
        run_nft("flush set inet otk guarded\n"); // what the kernel does at the end
        scene.firewall->look_after();
        CHECK(guard_text().empty());
        scene.firewall->look_after();
        CHECK(guard_text().empty());
        CHECK(scene.losses.empty());
    }
    SUBCASE("a clock that is set back does not make it longer") {
        scene.clock.advance(-minutes{60});
        (void)scene.add_command("web", {Protocol::tcp, 443});
        scene.firewall->look_after();
        CHECK(has(guard_text(), "tcp . 443 timeout 4m"));
    }
}

TEST_CASE("a guard that was armed earlier, as at boot, is taken over; one that is off goes") {
    if (!in_own_network()) return;
    Scene scene;
    run_nft(guard_ruleset_anew({guarded_ports(scene.admin.commands()), {}, false}, std::nullopt, {}, {}));
    run_nft("add element inet otk door4 { 192.0.2.1 . tcp . 22 timeout 5m }\n");
    SUBCASE("on") {
        scene.guard_on();
        scene.start();
        CHECK(has(guard_text(), "192.0.2.1 . tcp . 22"));
        CHECK(scene.firewall->guard_state() == "armed");
    }
    SUBCASE("off") {
        scene.start();
        CHECK(guard_text().empty());
    }
    SUBCASE("another thing under its name") {
        run_nft("delete table inet otk\ntable inet otk {\n chain guard { type filter hook input priority 7; "
                "}\n}\n");
        scene.guard_on();
        scene.start();
        CHECK(has(guard_text(), "hook prerouting"));
    }
    CHECK(scene.losses.empty());
}

} // namespace otk::test
