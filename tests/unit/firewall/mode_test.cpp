#include "tests/unit/firewall/scene.h"

#include <doctest/doctest.h>

namespace otk::test {

using std::chrono::minutes;

TEST_CASE("mode none leaves no guard behind and does nothing") {
    if (!in_own_network()) return;
    Scene scene;
    scene.guard_on();
    scene.start();
    CHECK_FALSE(guard_text().empty());
    scene.config.firewall.mode = FirewallMode::none;
    scene.firewall->configure(scene.config);
    CHECK(guard_text().empty());
    scene.firewall->look_after();
    CHECK(guard_text().empty());
    CHECK(scene.open("192.0.2.1").empty());
    CHECK_FALSE(scene.firewall->can_redirect());
    CHECK(scene.firewall->guard_state() == "not used");
}

TEST_CASE("mode sets: without its sets a door does not open and the message tells what is missing; with them "
          "it does") {
    if (!in_own_network()) return;
    Scene scene;
    scene.config.firewall.mode = FirewallMode::sets;
    scene.config.firewall.table = "mine";
    scene.start();
    CHECK_THROWS_WITH_AS((void)scene.open("192.0.2.1"),
                         doctest::Contains("there is no set otk4 in the table inet mine"), Error);
    scene.standing.clear();
    const std::string table = "table inet mine {\n set otk4 { type ipv4_addr . inet_proto . inet_service; "
                              "flags timeout; }\n}\n";
    run_nft(table);
    CHECK(scene.open("192.0.2.1").empty());
    CHECK(has(list_table("mine"), "192.0.2.1 . tcp . 22 timeout 5m"));

    run_nft("flush ruleset\n");
    scene.firewall->look_after();
    CHECK(list_table("mine").empty());
    run_nft(table);
    scene.firewall->look_after();
    CHECK(has(list_table("mine"), "192.0.2.1 . tcp . 22 timeout 5m"));

    run_nft("flush ruleset\n" + table); // loaded again, all at once
    scene.firewall->look_after();
    CHECK(has(list_table("mine"), "192.0.2.1 . tcp . 22 timeout 5m"));
    scene.firewall->close(scene.standing.front().door);
    CHECK_FALSE(has(list_table("mine"), "192.0.2.1"));
    CHECK(scene.losses.empty());
}

TEST_CASE("what stands open goes along into another mode, and back") {
    if (!in_own_network()) return;
    Scene scene;
    run_nft("table inet mine {\n set otk4 { type ipv4_addr . inet_proto . inet_service; flags timeout; }\n"
            " set other4 { type ipv4_addr . inet_proto . inet_service; flags timeout; }\n}\n");
    scene.guard_on();
    scene.start();
    REQUIRE(scene.open("192.0.2.1").empty());
    const Door forwarded{*Address::parse("192.0.2.3"), 32, {Protocol::tcp, 61000}};
    scene.firewall->redirect(forwarded, 22, minutes{5});
    scene.standing.push_back({forwarded, 22, scene.clock.now() + minutes{5}});
    const std::string redirection = "192.0.2.3 . 61000 timeout 5m";

    scene.config.firewall.mode = FirewallMode::sets;
    scene.config.firewall.table = "mine";
    scene.firewall->configure(scene.config);
    CHECK(guard_text().empty());
    CHECK(has(list_table("mine"), "192.0.2.1 . tcp . 22 timeout 5m"));
    CHECK(has(list_table("otk_forward"), redirection));

    scene.config.firewall.set4 = "other4";
    scene.firewall->configure(scene.config);
    const std::string sets = list_table("mine");
    CHECK(has(sets, "192.0.2.1 . tcp . 22 timeout 5m"));
    CHECK(sets.find("192.0.2.1") > sets.find("set other4")); // and not in the one before
    CHECK(sets.find("192.0.2.1") == sets.rfind("192.0.2.1"));

    scene.config.firewall.mode = FirewallMode::guard;
    scene.firewall->configure(scene.config);
    CHECK(has(guard_text(), "192.0.2.1 . tcp . 22 timeout 5m"));
    CHECK_FALSE(has(list_table("mine"), "192.0.2.1"));
    CHECK(has(list_table("otk_forward"), redirection));
}

TEST_CASE("redirections have a table of their own, which comes back after a flush") {
    if (!in_own_network()) return;
    Scene scene;
    scene.start();
    CHECK(list_table("otk_forward").empty());
    const Door door{*Address::parse("192.0.2.1"), 32, {Protocol::tcp, 61000}};
    scene.firewall->redirect(door, 22, minutes{5});
    scene.standing.push_back({door, 22, scene.clock.now() + minutes{5}});
    CHECK(has(list_table("otk_forward"), "192.0.2.1 . 61000 timeout 5m"));
    run_nft("flush ruleset\n");
    scene.firewall->look_after();
    CHECK(has(list_table("otk_forward"), "192.0.2.1 . 61000 timeout 5m"));
    scene.firewall->end_redirect(door);
    CHECK_FALSE(has(list_table("otk_forward"), "192.0.2.1"));
    scene.standing.clear();
    for (int second = 0; second < 60; ++second)
        scene.firewall->look_after();
    CHECK(list_table("otk_forward").empty());
}

} // namespace otk::test
