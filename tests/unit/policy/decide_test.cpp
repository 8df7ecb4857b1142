#include "policy/decide.h"

#include "tests/unit/policy/addresses.h"

#include <array>
#include <set>
#include <string>

#include <doctest/doctest.h>

using namespace otk;
using otk::test::address;

namespace {

Network network(std::string_view text) {
    const auto parsed = Network::parse(text);
    REQUIRE(parsed.has_value());
    return *parsed;
}

// A knock that everything allows; each test changes one thing.
struct Scene {
    User user{UserId{1}, "anna", true};
    Command command{
        .id = CommandId{1}, .name = "door", .argv = {"/bin/door", "{address}"}, .run_as = "nobody"};
    bool grant_enabled = true;
    GrantRules rules;
    KnockFacts knock{from_nanoseconds(1'000'000), Carrier::udp, address("198.51.100.7"), {}};

    [[nodiscard]] Decision decide() const { return otk::decide(user, command, grant_enabled, rules, knock); }
    [[nodiscard]] Refusal refusal() const { return decide().refusal; }
};

} // namespace

TEST_CASE("without rules a udp knock acts on its source") {
    const Scene scene;
    const Decision decision = scene.decide();
    CHECK(decision.allowed());
    CHECK(decision.address == address("198.51.100.7"));
}

TEST_CASE("what is disabled refuses, the user before the command before the grant") {
    Scene scene;
    scene.grant_enabled = false;
    CHECK(scene.refusal() == Refusal::grant_disabled);
    scene.command.enabled = false;
    CHECK(scene.refusal() == Refusal::command_disabled);
    scene.user.enabled = false;
    CHECK(scene.refusal() == Refusal::user_disabled);
    CHECK(scene.decide().address.empty());
}

TEST_CASE("not before: the very moment is in time") {
    Scene scene;
    scene.rules.not_before = scene.knock.at;
    CHECK(scene.refusal() == Refusal::none);
    scene.rules.not_before = scene.knock.at + std::chrono::nanoseconds{1};
    CHECK(scene.refusal() == Refusal::not_yet_valid);
}

TEST_CASE("expires at: the very moment is too late") {
    Scene scene;
    scene.rules.expires_at = scene.knock.at + std::chrono::nanoseconds{1};
    CHECK(scene.refusal() == Refusal::none);
    scene.rules.expires_at = scene.knock.at;
    CHECK(scene.refusal() == Refusal::expired);
}

TEST_CASE("carriers") {
    Scene scene;
    scene.rules.carriers = *parse_carriers("icmp");
    CHECK(scene.refusal() == Refusal::carrier_not_allowed);
    scene.knock.carrier = Carrier::icmp;
    CHECK(scene.refusal() == Refusal::none);
}

TEST_CASE("source networks: any of them is enough") {
    Scene scene;
    scene.rules.sources = {network("203.0.113.0/24")};
    CHECK(scene.refusal() == Refusal::source_not_allowed);
    scene.rules.sources.push_back(network("198.51.100.0/24"));
    CHECK(scene.refusal() == Refusal::none);
}

TEST_CASE("address rule `knock`: the source over icmp, nothing over dns, never a named one") {
    Scene scene;
    scene.knock.carrier = Carrier::icmp;
    CHECK(scene.decide().address == scene.knock.source);
    scene.knock.carrier = Carrier::dns;
    CHECK(scene.refusal() == Refusal::address_missing);
    scene.knock.named = address("203.0.113.9");
    CHECK(scene.refusal() == Refusal::address_not_allowed);
    scene.knock.carrier = Carrier::udp;
    CHECK(scene.refusal() == Refusal::address_not_allowed);
}

TEST_CASE("address rule `source`: also the resolver's, never a named one") {
    Scene scene;
    scene.rules.address = AddressRule::source;
    scene.knock.carrier = Carrier::dns;
    CHECK(scene.decide().allowed());
    CHECK(scene.decide().address == scene.knock.source);
    scene.knock.named = address("203.0.113.9");
    CHECK(scene.refusal() == Refusal::address_not_allowed);
}

TEST_CASE("address rule `named`: the named one, else the source, but over dns one must be named") {
    Scene scene;
    scene.rules.address = AddressRule::named;
    CHECK(scene.decide().address == scene.knock.source);
    scene.knock.carrier = Carrier::dns;
    CHECK(scene.refusal() == Refusal::address_missing);
    scene.knock.named = address("203.0.113.9");
    CHECK(scene.decide().allowed());
    CHECK(scene.decide().address == address("203.0.113.9"));
}

TEST_CASE("a named address must lie within the networks") {
    Scene scene;
    scene.rules.address = AddressRule::named;
    scene.rules.named_within = {network("203.0.113.0/28"), network("2001:db8::/32")};
    scene.knock.named = address("203.0.113.99");
    CHECK(scene.refusal() == Refusal::address_not_allowed);
    scene.knock.named = address("2001:db8::5");
    CHECK(scene.decide().address == address("2001:db8::5"));
    // The networks bind what is named, not where the packet came from.
    scene.knock.named = {};
    CHECK(scene.decide().address == scene.knock.source);
}

TEST_CASE("addresses that are nobody's are refused") {
    for (const char* const text :
         {"127.0.0.1", "::1", "224.0.0.1", "0.0.0.0", "ff02::1", "255.255.255.255"}) {
        CAPTURE(text);
        Scene scene;
        scene.rules.address = AddressRule::named;
        scene.knock.named = address(text);
        CHECK(scene.refusal() == Refusal::address_unusable);
        Scene from_there;
        from_there.knock.source = address(text);
        CHECK(from_there.refusal() == Refusal::address_unusable);
        CHECK(from_there.decide().address.empty());
    }
}

TEST_CASE("a command without {address} does not fail for want of one") {
    Scene scene;
    scene.command.argv = {"/bin/true"};
    scene.knock.carrier = Carrier::dns;
    CHECK(scene.decide().allowed());
    CHECK(scene.decide().address.empty());
    scene.knock.named = address("203.0.113.9");
    CHECK(scene.decide().allowed());
    CHECK(scene.decide().address.empty());
    scene.rules.address = AddressRule::named;
    CHECK(scene.decide().address == address("203.0.113.9"));
    scene.knock.carrier = Carrier::udp;
    scene.knock.named = {};
    scene.knock.source = address("127.0.0.1");
    CHECK(scene.decide().allowed());
    CHECK(scene.decide().address.empty());
}

TEST_CASE("hours: judged where the local time is known, refused where it cannot be, left alone else") {
    Scene scene;
    scene.rules.hours = {*parse_hours("mon-fri 08:00-18:00"), *parse_hours("sat 22:00-02:00")};
    CHECK(scene.refusal() == Refusal::none); // the validator's view
    scene.knock.local = LocalTime{4, 18 * 60 - 1};
    CHECK(scene.decide().address == scene.knock.source);
    scene.knock.local = LocalTime{4, 18 * 60};
    CHECK(scene.refusal() == Refusal::outside_hours);
    CHECK(scene.decide().address.empty());
    scene.knock.local = LocalTime{6, 60};
    CHECK(scene.refusal() == Refusal::none);
    scene.knock.local.reset();
    scene.knock.time_zone_unknown = true;
    CHECK(scene.refusal() == Refusal::no_time_zone);
    scene.rules.hours.clear(); // a zone without hours says nothing
    CHECK(scene.refusal() == Refusal::none);
}

TEST_CASE("rates: as many as the rule says, and no more") {
    Scene scene;
    scene.knock.in_last_hour = 1'000'000;
    scene.knock.in_last_day = 1'000'000;
    CHECK(scene.refusal() == Refusal::none);
    scene.rules.per_hour = 2;
    scene.rules.per_day = 5;
    scene.knock.in_last_hour = 1;
    scene.knock.in_last_day = 4;
    CHECK(scene.refusal() == Refusal::none);
    scene.knock.in_last_hour = 2;
    CHECK(scene.refusal() == Refusal::too_many_an_hour);
    scene.knock.in_last_day = 5;
    scene.knock.in_last_hour = 0;
    CHECK(scene.refusal() == Refusal::too_many_a_day);
    CHECK(scene.decide().address.empty());
}

TEST_CASE("address rule `claim`: a forwarding door finds its addresses itself, over every carrier") {
    Scene scene;
    scene.command = {.name = "in", .kind = CommandKind::forward};
    scene.rules.address = AddressRule::claim;
    for (const Carrier carrier : {Carrier::udp, Carrier::icmp, Carrier::dns}) {
        scene.knock.carrier = carrier;
        CHECK(scene.decide().allowed());
        CHECK(scene.decide().address.empty());
        // Nobody's address does no harm: it is not used.
        Scene nobody = scene;
        nobody.knock.source = address("127.0.0.1");
        CHECK(nobody.decide().allowed());
        Scene naming = scene;
        naming.knock.named = address("203.0.113.9");
        CHECK(naming.refusal() == Refusal::address_not_allowed);
    }
    for (const CommandKind kind : {CommandKind::exec, CommandKind::open}) {
        scene.command = {.kind = kind, .argv = {"/bin/door", "{address}"}};
        CHECK(scene.refusal() == Refusal::address_missing);
    }
}

TEST_CASE("doors need an address, close commands do not") {
    for (const CommandKind kind : {CommandKind::open, CommandKind::forward}) {
        Scene scene;
        scene.command = {.name = "in", .kind = kind};
        CHECK(scene.decide().address == scene.knock.source);
        scene.knock.carrier = Carrier::dns;
        CHECK(scene.refusal() == Refusal::address_missing);
        scene.rules.address = AddressRule::named;
        scene.knock.named = address("2001:db8::5");
        CHECK(scene.decide().address == address("2001:db8::5"));
    }
    Scene scene;
    scene.command = {.name = "shut", .kind = CommandKind::close, .closes = CommandId{1}};
    scene.knock.carrier = Carrier::dns;
    CHECK(scene.decide().allowed());
    CHECK(scene.decide().address.empty());
    scene.knock.carrier = Carrier::udp;
    CHECK(scene.decide().address == scene.knock.source);
}

TEST_CASE("the first rule that refuses decides") {
    // Everything is wrong at once; the faults are mended one by one, and each time the next one speaks.
    Scene scene;
    scene.user.enabled = false;
    scene.command.enabled = false;
    scene.grant_enabled = false;
    scene.rules.not_before = scene.knock.at + std::chrono::hours{1};
    scene.rules.expires_at = scene.knock.at - std::chrono::hours{1};
    scene.rules.carriers = *parse_carriers("udp");
    scene.rules.sources = {network("203.0.113.0/24")};
    scene.knock.carrier = Carrier::dns;
    scene.knock.source = address("127.0.0.1");
    scene.rules.hours = {*parse_hours("mon")};
    scene.knock.time_zone_unknown = true;
    scene.rules.per_hour = 3;
    scene.rules.per_day = 3;
    scene.knock.in_last_hour = 3;
    scene.knock.in_last_day = 3;
    CHECK(scene.refusal() == Refusal::user_disabled);
    scene.user.enabled = true;
    CHECK(scene.refusal() == Refusal::command_disabled);
    scene.command.enabled = true;
    CHECK(scene.refusal() == Refusal::grant_disabled);
    scene.grant_enabled = true;
    CHECK(scene.refusal() == Refusal::not_yet_valid);
    scene.rules.not_before.reset();
    CHECK(scene.refusal() == Refusal::expired);
    scene.rules.expires_at.reset();
    CHECK(scene.refusal() == Refusal::carrier_not_allowed);
    scene.rules.carriers = {};
    CHECK(scene.refusal() == Refusal::source_not_allowed);
    scene.rules.sources.clear();
    CHECK(scene.refusal() == Refusal::address_missing);
    scene.knock.named = address("127.0.0.2");
    CHECK(scene.refusal() == Refusal::address_not_allowed);
    scene.rules.address = AddressRule::named;
    CHECK(scene.refusal() == Refusal::address_unusable);
    scene.knock.named = address("203.0.113.9");
    CHECK(scene.refusal() == Refusal::no_time_zone);
    scene.knock.time_zone_unknown = false;
    scene.knock.local = LocalTime{1, 0};
    CHECK(scene.refusal() == Refusal::outside_hours);
    scene.knock.local = LocalTime{0, 0};
    CHECK(scene.refusal() == Refusal::too_many_an_hour);
    scene.rules.per_hour = 0;
    CHECK(scene.refusal() == Refusal::too_many_a_day);
    scene.rules.per_day = 0;
    CHECK(scene.refusal() == Refusal::none);
    CHECK(scene.decide().address == address("203.0.113.9"));
}

TEST_CASE("every refusal has a word and a sentence of its own") {
    std::set<std::string> names;
    std::set<std::string> sentences;
    unsigned count = 0;
    for (unsigned number = 0; number < 256; ++number) {
        const auto refusal = static_cast<Refusal>(number);
        if (!known(refusal)) continue;
        ++count;
        names.emplace(name_of(refusal));
        sentences.emplace(explain(refusal));
    }
    CHECK(count == 26);
    CHECK(names.size() == count);
    CHECK(sentences.size() == count);
    CHECK(names.count(std::string(name_of(static_cast<Refusal>(200)))) == 0);
}
