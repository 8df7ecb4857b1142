// The decision about signed knocks and dynamic requests.
#include "policy/decide.h"

#include "tests/unit/policy/addresses.h"

#include <doctest/doctest.h>

using namespace otk;
using otk::test::address;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A signed knock that everything allows; each test changes one thing.
struct SignedScene {
    User user{UserId{1}, "anna", true};
    Command command{
        .id = CommandId{1}, .name = "door", .argv = {"/bin/door", "{address}"}, .run_as = "nobody"};
    GrantRules rules;
    KnockFacts knock;

    SignedScene() {
        knock.at = Time{seconds{1'000'000}};
        knock.carrier = Carrier::udp;
        knock.source = address("198.51.100.7");
        knock.named = knock.source;
        knock.is_signed = true;
        knock.claimed = knock.at;
    }
    [[nodiscard]] Decision decide() const { return otk::decide(user, command, true, rules, knock); }
    [[nodiscard]] Refusal refusal() const { return decide().refusal; }
};

} // namespace

TEST_CASE("the time of a signed knock may differ by just the skew, to either side") {
    SignedScene scene;
    for (const int sign : {-1, 1}) {
        CAPTURE(sign);
        scene.knock.clock_skew = seconds{60};
        scene.knock.claimed = scene.knock.at + sign * seconds{60};
        CHECK(scene.refusal() == Refusal::none);
        scene.knock.claimed = scene.knock.at + sign * (seconds{60} + milliseconds{1});
        CHECK(scene.refusal() == Refusal::clock_differs);
        scene.knock.clock_skew = seconds{61};
        CHECK(scene.refusal() == Refusal::none);
    }
    scene.knock.claimed = Time::max();
    CHECK(scene.refusal() == Refusal::clock_differs);
}

TEST_CASE("a signed knock without a time passes only where the grant says so") {
    SignedScene scene;
    scene.knock.claimed = Time{};
    CHECK(scene.refusal() == Refusal::time_missing);
    scene.rules.no_clock = true;
    CHECK(scene.refusal() == Refusal::none);
    // Where one has a time, it counts all the same.
    scene.knock.claimed = scene.knock.at - seconds{61};
    CHECK(scene.refusal() == Refusal::clock_differs);
}

TEST_CASE("nobody asks a plain knock for its time") {
    SignedScene scene;
    scene.knock.is_signed = false;
    scene.knock.named = {};
    scene.knock.claimed = Time{};
    CHECK(scene.refusal() == Refusal::none);
}

TEST_CASE("the argument matches the pattern of the command, or is none") {
    SignedScene scene;
    scene.knock.argument = "nginx";
    CHECK(scene.refusal() == Refusal::argument_not_allowed);
    scene.command.argument = "nginx|postgresql";
    CHECK(scene.refusal() == Refusal::none);
    scene.knock.argument = "sshd";
    CHECK(scene.refusal() == Refusal::argument_not_allowed);
    scene.knock.argument = "";
    CHECK(scene.refusal() == Refusal::argument_not_allowed);
    scene.knock.is_signed = false;
    scene.knock.named = {};
    CHECK(scene.refusal() == Refusal::argument_not_allowed);
    scene.command.argument = "(nginx)?";
    CHECK(scene.refusal() == Refusal::none);
}

TEST_CASE("dynamic mode is for forward commands") {
    SignedScene scene;
    scene.knock.dynamic = true;
    CHECK(scene.refusal() == Refusal::not_dynamic);
    scene.command = {.id = CommandId{1}, .name = "door", .kind = CommandKind::forward};
    CHECK(scene.refusal() == Refusal::none);
    CHECK(scene.decide().address == scene.knock.source);
}

TEST_CASE("a signed knock that names its own source passes by every rule but claim") {
    for (const AddressRule rule : {AddressRule::knock, AddressRule::source, AddressRule::named}) {
        SignedScene scene;
        CAPTURE(name_of(rule));
        scene.rules.address = rule;
        scene.rules.named_within = {*Network::parse("203.0.113.0/24")}; // its own is not in there
        for (const Carrier carrier : {Carrier::udp, Carrier::icmp}) {
            scene.knock.carrier = carrier;
            CHECK(scene.decide().allowed());
            CHECK(scene.decide().address == scene.knock.source);
        }
        scene.knock.carrier = Carrier::dns; // a resolver's, whatever it says
        CHECK(scene.refusal() == Refusal::address_not_allowed);
        scene.knock.carrier = Carrier::udp;
        scene.knock.is_signed = false;
        CHECK(scene.refusal() == Refusal::address_not_allowed);
    }
    SignedScene scene;
    scene.command = {.id = CommandId{1}, .name = "door", .kind = CommandKind::forward};
    scene.rules.address = AddressRule::claim;
    CHECK(scene.refusal() == Refusal::address_not_allowed);
}

TEST_CASE("a signed knock names another address only where the rule allows it") {
    SignedScene scene;
    scene.knock.named = address("203.0.113.9");
    CHECK(scene.refusal() == Refusal::address_not_allowed);
    scene.rules.address = AddressRule::source;
    CHECK(scene.refusal() == Refusal::address_not_allowed);
    scene.rules.address = AddressRule::named;
    scene.rules.named_within = {*Network::parse("203.0.113.0/24")};
    for (const Carrier carrier : {Carrier::udp, Carrier::icmp, Carrier::dns}) {
        scene.knock.carrier = carrier;
        CHECK(scene.decide().address == address("203.0.113.9"));
    }
    scene.knock.named = address("203.0.114.9");
    CHECK(scene.refusal() == Refusal::address_not_allowed);
}

TEST_CASE("a signed knock without an address passes by the rules source and claim, or where none is used") {
    SignedScene scene;
    scene.knock.named = {};
    for (const AddressRule rule : {AddressRule::knock, AddressRule::named}) {
        scene.rules.address = rule;
        CHECK(scene.refusal() == Refusal::address_missing);
    }
    scene.rules.address = AddressRule::source;
    scene.knock.carrier = Carrier::dns;
    CHECK(scene.decide().address == scene.knock.source);
    scene.rules.address = AddressRule::knock;
    scene.command.argv = {"/bin/door"};
    CHECK(scene.decide().allowed());
    CHECK(scene.decide().address.empty());
    scene.command = {.id = CommandId{1}, .name = "door", .kind = CommandKind::forward};
    scene.rules.address = AddressRule::claim;
    CHECK(scene.decide().allowed());
    CHECK(scene.decide().address.empty());
}

TEST_CASE("an address that nobody has is refused, signed or not") {
    SignedScene scene;
    scene.knock.source = address("127.0.0.1");
    scene.knock.named = scene.knock.source;
    CHECK(scene.refusal() == Refusal::address_unusable);
}

TEST_CASE("of several rules that refuse the one with the lower number decides") {
    SignedScene scene;
    scene.knock.claimed = Time{};
    scene.knock.argument = "x";
    scene.knock.dynamic = true;
    scene.rules.per_day = 1;
    scene.knock.in_last_day = 1;
    CHECK(scene.refusal() == Refusal::too_many_a_day);
    scene.rules.per_day = 0;
    CHECK(scene.refusal() == Refusal::time_missing);
    scene.knock.claimed = scene.knock.at - seconds{61};
    CHECK(scene.refusal() == Refusal::clock_differs);
    scene.knock.claimed = scene.knock.at;
    CHECK(scene.refusal() == Refusal::argument_not_allowed);
    scene.knock.argument = "";
    CHECK(scene.refusal() == Refusal::not_dynamic);
}
