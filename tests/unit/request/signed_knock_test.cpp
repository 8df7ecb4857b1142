#include "request/signed_knock.h"

#include "vectors.h"

namespace otk {

using namespace test;

namespace {

const json& signed_vectors() { return vectors().at("protocol").at("signed"); }

SignedKnock knock_in(const json& vector) {
    SignedKnock knock;
    knock.value = the_secret().at(vector.at("count"));
    knock.address = address_in(vector, "address");
    knock.time = time_in(vector);
    knock.argument = vector.at("argument").get<std::string>();
    return knock;
}

SignedKnock signed_knock() {
    SignedKnock knock = knock_in(signed_vectors().at(1));
    sign(knock, SigningKey::of(the_secret()), the_addressee());
    return knock;
}

PublicKey the_key() { return SigningKey::of(the_secret()).public_key(); }

// The message with other bytes at the offset.
std::optional<BadRequest> fault_with(std::size_t offset, std::vector<std::uint8_t> bytes) {
    auto message = format_signed_knock(signed_knock());
    std::copy(bytes.begin(), bytes.end(), message.begin() + static_cast<std::ptrdiff_t>(offset));
    const auto parsed = parse_signed_knock(message);
    if (parsed) return std::nullopt;
    return parsed.reason();
}

std::vector<std::uint8_t> address_bytes(std::uint8_t family, std::vector<std::uint8_t> bytes) {
    bytes.insert(bytes.begin(), family);
    bytes.resize(address_field_size, 0);
    return bytes;
}

constexpr std::size_t address_offset = 17;
constexpr std::size_t time_offset = 34;
constexpr std::size_t argument_offset = 44;

} // namespace

TEST_CASE("signed knocks: the vectors of docs/PROTOCOL.md, made and read") {
    for (const json& each : signed_vectors()) {
        CAPTURE(each.at("count"));
        SignedKnock knock = knock_in(each);
        sign(knock, SigningKey::of(the_secret()), the_addressee());
        CHECK(to_hex(knock.signature) == text_in(each, "signature"));
        const auto message = format_signed_knock(knock);
        CHECK(to_hex(message) == text_in(each, "message"));

        const auto parsed = parse_signed_knock(message);
        REQUIRE(parsed);
        CHECK(parsed->value == knock.value);
        CHECK(parsed->address == knock.address);
        CHECK(parsed->time == knock.time);
        CHECK(parsed->argument == knock.argument);
        CHECK(parsed->signature == knock.signature);
        CHECK(format_signed_knock(*parsed) == message);
        CHECK(verify(*parsed, the_key(), the_addressee()));
        CHECK(verify(the_key(), bytes_in(each, "signed_bytes"), parsed->signature));
    }
}

TEST_CASE("a signed knock is for one server, one command and one key") {
    const SignedKnock knock = signed_knock();
    Addressee other = the_addressee();
    other.server[15] ^= 1;
    CHECK_FALSE(verify(knock, the_key(), other)); // the same passphrase and seed on two servers
    other = the_addressee();
    other.command = "sshe";
    CHECK_FALSE(verify(knock, the_key(), other));
    other.command = "ssh";
    CHECK_FALSE(verify(knock, the_key(), other));
    const SigningKey stranger = SigningKey::of(ChainSecret::from_master(SecretArray<32>{}));
    CHECK_FALSE(verify(knock, stranger.public_key(), the_addressee()));
}

TEST_CASE("a command's name cannot be moved into what follows it") {
    // The length stands before the name, so "s" and a value that begins with "shd" is another message.
    SignedKnock knock = signed_knock();
    Addressee shorter = the_addressee();
    shorter.command.pop_back();
    sign(knock, SigningKey::of(the_secret()), shorter);
    CHECK_FALSE(verify(knock, the_key(), the_addressee()));
}

TEST_CASE("every field is under the signature") {
    const auto fails = [](auto change) {
        SignedKnock knock = signed_knock();
        change(knock);
        CHECK_FALSE(verify(knock, the_key(), the_addressee()));
    };
    fails([](SignedKnock& knock) { knock.value = the_secret().at(5); });
    fails([](SignedKnock& knock) { knock.address = *Address::parse("2001:db8::18"); });
    fails([](SignedKnock& knock) { knock.address = Address(); });
    fails([](SignedKnock& knock) { knock.time += std::chrono::seconds{1}; });
    fails([](SignedKnock& knock) { knock.time = Time{}; });
    fails([](SignedKnock& knock) { knock.argument += "!"; });
    fails([](SignedKnock& knock) { knock.argument.clear(); });
}

TEST_CASE("S above the group's order is refused, though the equation holds") {
    const auto parsed = parse_signed_knock(bytes_in(vectors().at("refused").at("high_s")));
    REQUIRE(parsed);
    CHECK_FALSE(verify(*parsed, the_key(), the_addressee()));
}

TEST_CASE("parsing refuses each field that has a second spelling, and says which") {
    auto message = format_signed_knock(signed_knock());
    message.push_back(0);
    CHECK(parse_signed_knock(message).reason() == BadRequest::size);
    message.resize(message.size() - 2);
    CHECK(parse_signed_knock(message).reason() == BadRequest::size);
    CHECK(parse_signed_knock({}).reason() == BadRequest::size);
    CHECK(fault_with(type_offset, {2}) == BadRequest::type);
    CHECK(fault_with(42, {0xff, 0xff}) == BadRequest::size);
    CHECK(fault_with(time_offset, {0, 0, 0, 2, 0x25, 0xc1, 0x7d, 0x04}) == std::nullopt); // 2262-04-11
    CHECK(fault_with(time_offset, {0, 0, 0, 2, 0x25, 0xc1, 0x7d, 0x05}) == BadRequest::time);
    CHECK(fault_with(time_offset, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}) == BadRequest::time);
    CHECK(fault_with(argument_offset, {0xff}) == BadRequest::argument);
    CHECK(fault_with(argument_offset, {'\n'}) == BadRequest::argument);
}

TEST_CASE("an address has one spelling and can be asked for") {
    const auto fault = [](std::uint8_t family, std::vector<std::uint8_t> bytes) {
        return fault_with(address_offset, address_bytes(family, std::move(bytes)));
    };
    CHECK(fault(0, {}) == std::nullopt);
    CHECK(fault(4, {192, 0, 2, 1}) == std::nullopt);
    CHECK(fault(6, {0x20, 1, 0xd, 0xb8}) == std::nullopt);
    CHECK(fault(0, {1}) == BadRequest::address);
    CHECK(fault(0, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}) == BadRequest::address);
    CHECK(fault(1, {192, 0, 2, 1}) == BadRequest::address);
    CHECK(fault(5, {192, 0, 2, 1}) == BadRequest::address);
    CHECK(fault(255, {192, 0, 2, 1}) == BadRequest::address);
    CHECK(fault(4, {192, 0, 2, 1, 1}) == BadRequest::address);
    CHECK(fault(4, {192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}) == BadRequest::address);
    CHECK(fault(6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}) == BadRequest::address);
    for (const auto& unusable : {std::vector<std::uint8_t>{0, 0, 0, 0},
                                 {127, 0, 0, 1},
                                 {224, 0, 0, 1},
                                 {255, 255, 255, 255},
                                 {0, 0, 0, 1}})
        CHECK(fault(4, unusable) == BadRequest::address);
    CHECK(fault(6, {}) == BadRequest::address);
    CHECK(fault(6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}) == BadRequest::address);
    CHECK(fault(6, {0xff, 2}) == BadRequest::address);
}

TEST_CASE("an address as somebody saw it may be one that cannot be asked for") {
    const auto loopback = address_bytes(4, {127, 0, 0, 1});
    CHECK(read_any_address(loopback) == Address::parse("127.0.0.1"));
    CHECK(read_address(loopback) == std::nullopt);
    CHECK(read_any_address(address_bytes(4, {127, 0, 0, 1, 1})) == std::nullopt);
    CHECK(read_any_address(address_bytes(0, {})) == Address());
}

TEST_CASE("every fault has a name of its own") {
    std::vector<std::string_view> names;
    for (unsigned fault = 1; fault <= 8; ++fault)
        names.push_back(name_of(static_cast<BadRequest>(fault)));
    std::sort(names.begin(), names.end());
    CHECK(std::unique(names.begin(), names.end()) == names.end());
    CHECK_FALSE(names.front().empty());
}

} // namespace otk
