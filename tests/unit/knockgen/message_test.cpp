#include "knockgen/send/message.h"

#include "base/promise.h"
#include "net/dns.h"
#include "net/knock.h"
#include "net/request_shape.h"
#include "request/signed_knock.h"

#include <doctest/doctest.h>

namespace otk {
namespace {

SendOptions options_for(std::string zone, std::string argument, bool plain) {
    SendOptions options;
    options.named.profile.zone = std::move(zone);
    options.named.profile.command = "lights";
    options.argument = std::move(argument);
    options.plain = plain;
    return options;
}

ChainSecret some_chain() {
    SecretArray<32> master;
    for (std::size_t i = 0; i < master.view().size(); ++i)
        master.fill()[i] = static_cast<std::uint8_t>(i);
    return ChainSecret::from_master(std::move(master));
}

// What the server makes of the labels before the zone.
std::vector<std::uint8_t> joined(const std::string& name, const std::string& zone) {
    const std::string front = name.substr(0, name.size() - zone.size() - 1);
    const auto wire = Zone::parse(front); // any name in wire form
    REQUIRE(wire.has_value());
    RequestRoom room{};
    const auto bytes = join_labels(wire->wire().first(wire->wire().size() - 1), room);
    REQUIRE(bytes.has_value());
    return {bytes->begin(), bytes->end()};
}

TEST_CASE("message: the labels of a signed name hold the very message of the other carriers") {
    const ChainSecret chain = some_chain();
    const std::string zone = "k.example.org";
    for (const std::size_t size : {0U, 1U, 2U, 3U, 4U, 5U, 17U, 27U}) {
        const SendOptions options = options_for(zone, std::string(size, 'x'), false);
        const Knock knock{chain.at(7), Address::parse("2001:db8::9").value(),
                          Time{std::chrono::seconds{1234}}};
        const std::string name = name_of(options, knock, chain);
        CHECK(name.ends_with("." + zone));
        CHECK(Zone::parse(name).has_value()); // labels of up to 63, the whole of up to 255
        CHECK(joined(name, zone) == payload_of(options, knock, chain));
    }
}

std::string zone_of(std::size_t size) {
    std::string zone;
    while (size - zone.size() > longest_label + 1)
        zone += std::string(longest_label, 'z') + '.';
    return zone + std::string(size - zone.size() > longest_label ? longest_label : size - zone.size(), 'z');
}

TEST_CASE("message: every zone that is let through gives a name of the DNS, and none is refused that would") {
    const ChainSecret chain = some_chain();
    const Knock knock{chain.at(7), {}, {}};
    std::size_t refused = 0;
    for (std::size_t size = 1; size < 250; ++size) {
        const SendOptions options = options_for(zone_of(size), {}, false);
        const std::vector<std::uint8_t> message = payload_of(options, knock, chain);
        const std::size_t digits = (message.size() * 8 + 4) / 5;
        const std::size_t wire =
            digits + (digits + longest_label - 1) / longest_label + options.profile().zone.size() + 2;
        CAPTURE(size);
        if (wire > longest_name) {
            CHECK_THROWS_AS((void)name_of(options, knock, chain), Error);
            ++refused;
        } else {
            const std::string name = name_of(options, knock, chain);
            CHECK(Zone::parse(name).has_value());
        }
    }
    CHECK(refused > 100);
    for (std::size_t size = 1; size < 190; ++size) { // there is room for the longest address
        const SendOptions options = options_for(zone_of(size), {}, true);
        const std::string name =
            name_of(options, {chain.at(7), Address::parse("2001:db8::9").value(), {}}, chain);
        CHECK(Zone::parse(name).has_value());
    }
}

TEST_CASE("message: a plain name is the label that the knock grammar reads, with its address") {
    const ChainSecret chain = some_chain();
    for (const char* const text : {"", "203.0.113.9", "2001:db8::9"}) {
        const Address address = *text ? Address::parse(text).value() : Address();
        const std::string name =
            name_of(options_for("k.example.org", {}, true), {chain.at(7), address, {}}, chain);
        const std::string label = name.substr(0, name.find('.'));
        const Candidates candidates = dns_candidates(label);
        REQUIRE(candidates.size() == 1);
        CHECK(candidates.begin()->named == address);
    }
}

} // namespace
} // namespace otk
