#include "request/dynamic.h"

#include "request/dynamic_keys.h"
#include "request/evp.h"
#include "request/wire.h"
#include "vectors.h"

namespace otk {

using namespace test;

namespace {

const json& vector() { return vectors().at("protocol").at("dynamic"); }

ServerKey server_key() { return ServerKey::from_bytes(secret_in<32>(vector().at("server_private"))); }

// The random source gives the client's key of the vectors.
RandomSource client_random() {
    return [](MutableBytes out) {
        const auto bytes = array_in<32>(vector().at("client_private"));
        REQUIRE(out.size() == bytes.size());
        std::copy(bytes.begin(), bytes.end(), out.begin());
    };
}

DynamicRequest request() {
    DynamicRequest request;
    request.value = Value(bytes_in(vector(), "value"));
    request.time = time_in(vector());
    request.address = address_in(vector(), "address");
    for (std::size_t i = 0; i < request.syns.size(); ++i) {
        const json& syn = vector().at("syns").at(i);
        request.syns[i] = {syn.at("port"), syn.at("sequence")};
    }
    return request;
}

SigningKey the_signing_key() { return SigningKey::of(the_secret()); }

DynamicClient client() {
    return DynamicClient(request(), the_signing_key(), the_addressee(), server_key().public_key(),
                         client_random());
}

DynamicServer server() {
    auto opened = open_dynamic_request(client().request(), server_key());
    REQUIRE(opened);
    return DynamicServer(std::move(std::move(opened).take().keys));
}

// A P1 whose box holds this, sealed by the rules: what a client could send that has the value and breaks
// them.
std::vector<std::uint8_t> sealed(Bytes text) {
    const Value value(bytes_in(vector(), "value"));
    const auto client = array_in<32>(vector().at("client_public"));
    const auto keys =
        dynamic::derive(secret_in<32>(vector().at("share")), value, server_key().public_key(), client);
    std::vector<std::uint8_t> packet;
    wire::append(packet, value.view());
    packet.push_back(dynamic_request_type);
    wire::append(packet, client);
    const auto head = packet;
    packet.resize(dynamic_request_size);
    evp::seal(keys.request.view(), dynamic::nonce_of(0), head, text,
              MutableBytes(packet).subspan(dynamic::request_head_size));
    return packet;
}

std::vector<std::uint8_t> good_text() { // of P1's box
    const auto covered = bytes_in(vector(), "signed_bytes");
    std::vector<std::uint8_t> text(covered.end() - 43, covered.end());
    wire::append(text, bytes_in(vector(), "signature"));
    return text;
}

std::optional<BadRequest> dynamic_fault_with(std::size_t offset, std::vector<std::uint8_t> bytes) {
    auto text = good_text();
    std::copy(bytes.begin(), bytes.end(), text.begin() + static_cast<std::ptrdiff_t>(offset));
    const auto opened = open_dynamic_request(sealed(text), server_key());
    if (opened) return std::nullopt;
    return opened.reason();
}

} // namespace

TEST_CASE("server keys: public half and share, by the vectors") {
    const ServerKey key = server_key();
    CHECK(to_hex(key.public_key()) == text_in(vector(), "server_public"));
    CHECK(to_hex(key.bytes()) == text_in(vector(), "server_private"));
    const auto share = key.share_with(array_in<32>(vector().at("client_public")));
    REQUIRE(share);
    CHECK(to_hex(share->view()) == text_in(vector(), "share"));
    CHECK(ServerKey::generate(client_random()).public_key() == array_in<32>(vector().at("client_public")));
}

TEST_CASE("server keys: shares of zeros and second spellings are refused") {
    for (const json& each : vectors().at("refused").at("zero_shares")) {
        CAPTURE(each);
        CHECK_FALSE(server_key().share_with(array_in<32>(each)));
    }
    ExchangeKey high = array_in<32>(vector().at("client_public"));
    REQUIRE((high.back() & 0x80) == 0);
    high.back() |= 0x80; // X25519 ignores this bit
    CHECK_FALSE(server_key().share_with(high));
    ExchangeKey nine_again{};
    nine_again.fill(0xff);
    nine_again.front() = 0xf6; // 2^255-19 + 9
    nine_again.back() = 0x7f;
    CHECK_FALSE(server_key().share_with(nine_again));
}

TEST_CASE("the keys of a request, by the vectors") {
    const auto keys = dynamic::derive(secret_in<32>(vector().at("share")), Value(bytes_in(vector(), "value")),
                                      array_in<32>(vector().at("server_public")),
                                      array_in<32>(vector().at("client_public")));
    CHECK(to_hex(keys.request.view()) == text_in(vector(), "key_p1"));
    CHECK(to_hex(keys.later.to_server.view()) == text_in(vector(), "key_c2s"));
    CHECK(to_hex(keys.later.to_client.view()) == text_in(vector(), "key_s2c"));
    CHECK(to_hex(keys.later.id) == text_in(vector(), "id"));
}

TEST_CASE("a nonce is four zero bytes and the counter") {
    CHECK(dynamic::nonce_of(0) == evp::Nonce{});
    CHECK(dynamic::nonce_of(0x0102030405060708) == evp::Nonce{0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("P1, by the vectors: made, opened and verified") {
    const DynamicClient made = client();
    CHECK(to_hex(made.request()) == text_in(vector(), "p1"));
    const auto opened = open_dynamic_request(made.request(), server_key());
    REQUIRE(opened);
    CHECK(opened->request.value == request().value);
    CHECK(opened->request.time == request().time);
    CHECK(opened->request.address == request().address);
    CHECK(opened->request.syns == request().syns);
    CHECK(to_hex(opened->signature) == text_in(vector(), "signature"));
    CHECK(to_hex(opened->keys.id) == text_in(vector(), "id"));
    const PublicKey key = the_signing_key().public_key();
    CHECK(verify(*opened, made.request(), key, the_addressee(), server_key().public_key()));
    CHECK(verify(key, bytes_in(vector(), "signed_bytes"), opened->signature));
}

TEST_CASE("P1 is for one server, one command, one server key and one user") {
    const DynamicClient made = client();
    const auto opened = open_dynamic_request(made.request(), server_key());
    REQUIRE(opened);
    const PublicKey key = the_signing_key().public_key();
    const ExchangeKey server = server_key().public_key();
    Addressee other = the_addressee();
    other.server[0] ^= 1;
    CHECK_FALSE(verify(*opened, made.request(), key, other, server));
    other = the_addressee();
    other.command = "other";
    CHECK_FALSE(verify(*opened, made.request(), key, other, server));
    ExchangeKey other_server = server;
    other_server[0] ^= 1;
    CHECK_FALSE(verify(*opened, made.request(), key, the_addressee(), other_server));
    const SigningKey stranger = SigningKey::of(ChainSecret::from_master(SecretArray<32>{}));
    CHECK_FALSE(verify(*opened, made.request(), stranger.public_key(), the_addressee(), server));
}

TEST_CASE("P1 for another server key does not decrypt") {
    const ServerKey other = ServerKey::from_bytes(SecretArray<32>{});
    CHECK(open_dynamic_request(client().request(), other).reason() == BadRequest::box);
}

TEST_CASE("the client refuses a server key that shares zeros") {
    for (const json& each : vectors().at("refused").at("zero_shares"))
        CHECK_THROWS_AS(
            DynamicClient(request(), the_signing_key(), the_addressee(), array_in<32>(each), client_random()),
            Error);
}

TEST_CASE("P1: size, type and key are looked at before anything is decrypted") {
    const auto packet = client().request();
    CHECK(open_dynamic_request(Bytes(packet).first(171), server_key()).reason() == BadRequest::size);
    CHECK(open_dynamic_request({}, server_key()).reason() == BadRequest::size);
    auto changed = packet;
    changed[type_offset] = dynamic_question_type;
    CHECK(open_dynamic_request(changed, server_key()).reason() == BadRequest::type);
    for (const json& each : vectors().at("refused").at("zero_shares")) {
        changed = packet;
        const auto key = array_in<32>(each);
        std::copy(key.begin(), key.end(), changed.begin() + 17);
        CHECK(open_dynamic_request(changed, server_key()).reason() == BadRequest::key);
    }
}

TEST_CASE("P1: what stands in the box has one spelling, too") {
    CHECK(dynamic_fault_with(0, {}) == std::nullopt);
    CHECK(dynamic_fault_with(0, {0xff}) == BadRequest::time);
    CHECK(dynamic_fault_with(8, {7}) == BadRequest::address);
    CHECK(dynamic_fault_with(8, {4, 127, 0, 0, 1}) == BadRequest::address);
    CHECK(dynamic_fault_with(8 + 5, {1}) == BadRequest::address);
    CHECK(dynamic_fault_with(25, {0, 0}) == BadRequest::syns); // port 0
    CHECK(dynamic_fault_with(25 + 12, {0, 0}) == BadRequest::syns);
    CHECK(dynamic_fault_with(25, {0x20, 0xfb}) == BadRequest::syns); // 8443, which is the second one, too
    CHECK(dynamic_fault_with(25 + 12, {0x20, 0xfb}) == BadRequest::syns);
    CHECK(dynamic_fault_with(25 + 12, {0x01, 0xbb}) == BadRequest::syns); // 443, the first
}

TEST_CASE("P1: the client's key, its time, address, ports and numbers are under the signature") {
    for (const std::size_t offset : {7U, 12U, 26U, 30U, 36U, 42U, 43U, 106U}) {
        CAPTURE(offset);
        auto text = good_text();
        text[offset] ^= 1;
        const auto packet = sealed(text);
        const auto opened = open_dynamic_request(packet, server_key());
        REQUIRE(opened);
        CHECK_FALSE(verify(*opened, packet, the_signing_key().public_key(), the_addressee(),
                           server_key().public_key()));
    }
}

TEST_CASE("P2 and P3, by the vectors") {
    DynamicClient asking = client();
    DynamicServer answering = server();
    for (const json& each : vector().at("p2")) {
        const auto packet = asking.ask();
        CHECK(to_hex(packet) == text_in(each, "packet"));
        CHECK(answering.takes(packet));
        CHECK(id_of_dynamic_question(packet) == answering.id());
    }
    for (const json& each : vector().at("p3")) {
        DynamicAnswer answer;
        answer.status = static_cast<DynamicStatus>(each.at("status").get<int>());
        answer.port = each.at("port");
        answer.seconds = each.at("seconds");
        answer.seen = address_in(each, "seen");
        const auto packet = answering.answer(answer);
        CHECK(to_hex(packet) == text_in(each, "packet"));
        const auto heard = asking.answer(packet);
        REQUIRE(heard);
        CHECK(heard->status == answer.status);
        CHECK(heard->port == answer.port);
        CHECK(heard->seconds == answer.seconds);
        CHECK(heard->seen == answer.seen);
    }
}

TEST_CASE("counters only rise: repeated and re-ordered packets are refused, lost ones are not missed") {
    DynamicClient asking = client();
    DynamicServer answering = server();
    const auto first = asking.ask();
    const auto second = asking.ask();
    const auto third = asking.ask();
    CHECK(answering.takes(second));
    CHECK_FALSE(answering.takes(first));
    CHECK_FALSE(answering.takes(second));
    CHECK(answering.takes(third));

    const auto waiting = answering.answer({DynamicStatus::waiting, 0, 0, {}});
    const auto open = answering.answer({DynamicStatus::open, 50123, 27, {}});
    CHECK(asking.answer(open)->port == 50123);
    CHECK_FALSE(asking.answer(waiting));
    CHECK_FALSE(asking.answer(open));
}

TEST_CASE("a forged counter takes nothing away from the true ones") {
    DynamicClient asking = client();
    DynamicServer answering = server();
    auto forged = asking.ask();
    forged[17] = 0xff; // the highest byte of the counter
    CHECK_FALSE(answering.takes(forged));
    CHECK(answering.takes(asking.ask()));
}

TEST_CASE("P2 is no P3 and P3 no P2, and neither is one of another request") {
    DynamicClient asking = client();
    DynamicServer answering = server();
    auto question = asking.ask();
    CHECK_FALSE(asking.answer(question));
    question[type_offset] = dynamic_answer_type;
    CHECK_FALSE(asking.answer(question));
    auto answer = answering.answer({DynamicStatus::waiting, 0, 0, {}});
    CHECK_FALSE(answering.takes(answer));
    answer[type_offset] = dynamic_question_type;
    CHECK_FALSE(answering.takes(answer));

    DynamicClient stranger(request(), the_signing_key(), the_addressee(), server_key().public_key(),
                           system_random);
    CHECK_FALSE(answering.takes(stranger.ask()));
    CHECK_FALSE(stranger.answer(answering.answer({DynamicStatus::waiting, 0, 0, {}})));
    CHECK_FALSE(answering.takes({}));
    CHECK_FALSE(asking.answer({}));
}

TEST_CASE("P3: port and time are those of an open door only") {
    DynamicClient asking = client();
    DynamicServer answering = server();
    const auto heard = asking.answer(answering.answer({DynamicStatus::over, 50123, 27, {}}));
    REQUIRE(heard);
    CHECK(heard->status == DynamicStatus::over);
    CHECK(heard->port == 0);
    CHECK(heard->seconds == 0);
}

namespace {

// A packet as the server's key seals it, with whatever id and type.
std::vector<std::uint8_t> sealed_answer(Bytes id, std::uint8_t type, std::vector<std::uint8_t> text) {
    text.resize(48, 0);
    std::vector<std::uint8_t> packet(id.begin(), id.end());
    packet.push_back(type);
    wire::append_number(packet, 1, 8);
    const auto head = packet;
    packet.resize(dynamic_message_size);
    evp::seal(bytes_in(vector(), "key_s2c"), dynamic::nonce_of(1), head, text,
              MutableBytes(packet).subspan(head.size()));
    return packet;
}

} // namespace

TEST_CASE("P3: another id or type is refused, though the box is authentic") {
    auto id = bytes_in(vector(), "id");
    CHECK(client().answer(sealed_answer(id, dynamic_answer_type, {})));
    CHECK_FALSE(client().answer(sealed_answer(id, dynamic_question_type, {})));
    id.back() ^= 1;
    CHECK_FALSE(client().answer(sealed_answer(id, dynamic_answer_type, {})));
}

TEST_CASE("P3: an answer that breaks the rules is none, though it is authentic") {
    const auto accepts = [](std::vector<std::uint8_t> text) {
        const auto id = bytes_in(vector(), "id");
        return client().answer(sealed_answer(id, dynamic_answer_type, std::move(text))).has_value();
    };
    CHECK(accepts({1, 1, 1, 0, 0, 0, 1, 4, 127, 0, 0, 1})); // as seen, loopback is an address
    CHECK_FALSE(accepts({5}));
    CHECK_FALSE(accepts({1, 0, 0, 0, 0, 0, 1}));
    CHECK_FALSE(accepts({0, 1, 1}));
    CHECK_FALSE(accepts({2, 0, 0, 0, 0, 0, 1}));
    CHECK_FALSE(accepts({0, 0, 0, 0, 0, 0, 0, 9}));
    CHECK(accepts({}));
    std::vector<std::uint8_t> stray(48, 0);
    stray.back() = 1;
    CHECK_FALSE(accepts(stray));
}

} // namespace otk
