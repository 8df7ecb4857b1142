#include "tests/property/request/messages.h"
#include "tests/property/request/properties.h"

namespace otk::property {

namespace {

struct Ends {
    ChainSecret secret = random_secret();
    SigningKey key = SigningKey::of(secret);
    PublicKey public_key = key.public_key();
    Addressee addressee = random_addressee();
    ServerKey server = random_server();

    [[nodiscard]] DynamicClient client(const DynamicRequest& request) const {
        const auto random = random_bytes(32);
        return {request, key, addressee, server.public_key(),
                [&](MutableBytes out) { std::copy(random.begin(), random.end(), out.begin()); }};
    }
    [[nodiscard]] bool accepts(Bytes packet) const {
        const auto opened = open_dynamic_request(packet, server);
        return opened && verify(*opened, packet, public_key, addressee, server.public_key());
    }
    [[nodiscard]] DynamicServer session(Bytes packet) const {
        auto opened = open_dynamic_request(packet, server);
        RC_ASSERT(opened);
        return DynamicServer(std::move(std::move(opened).take().keys));
    }
};

DynamicAnswer random_answer() {
    DynamicAnswer answer;
    answer.status = static_cast<DynamicStatus>(*rc::gen::inRange(0, 5));
    if (answer.status == DynamicStatus::open) {
        answer.port = *rc::gen::inRange<std::uint16_t>(1, 65535);
        answer.seconds = *rc::gen::arbitrary<std::uint32_t>();
    }
    answer.seen = random_address();
    return answer;
}

bool same(const DynamicAnswer& left, const DynamicAnswer& right) {
    return left.status == right.status && left.port == right.port && left.seconds == right.seconds &&
           left.seen == right.seen;
}

void what_was_asked_is_read() {
    const Ends ends;
    const DynamicRequest request = random_request();
    const DynamicClient client = ends.client(request);
    const auto opened = open_dynamic_request(client.request(), ends.server);
    RC_ASSERT(opened);
    RC_ASSERT(opened->request.value == request.value);
    RC_ASSERT(opened->request.time == request.time);
    RC_ASSERT(opened->request.address == request.address);
    RC_ASSERT(opened->request.syns == request.syns);
    RC_ASSERT(ends.accepts(client.request()));
}

void any_altered_bit_of_p1_is_found() {
    const Ends ends;
    const auto packet = copy_of(ends.client(random_request()).request());
    RC_ASSERT_FALSE(open_dynamic_request(with_flipped_bit(packet), ends.server));
}

void any_cut_of_p1_is_found() {
    const Ends ends;
    const auto packet = copy_of(ends.client(random_request()).request());
    const auto size = *rc::gen::inRange<std::size_t>(0, packet.size());
    RC_ASSERT_FALSE(open_dynamic_request(Bytes(packet).first(size), ends.server));
    RC_ASSERT_FALSE(open_dynamic_request(Bytes(packet).last(size), ends.server));
}

void any_splice_of_p1_is_found() {
    const Ends ends;
    DynamicRequest request = random_request();
    const auto first = copy_of(ends.client(request).request());
    if (*rc::gen::arbitrary<bool>()) request = random_request(); // or two of one value
    const auto second = copy_of(ends.client(request).request());
    const auto mixed = spliced(first, second, *rc::gen::inRange<std::size_t>(0, first.size() + 1));
    RC_ASSERT(ends.accepts(mixed) == (mixed == first || mixed == second));
}

void another_server_key_addressee_or_user_refuses_it() {
    const Ends ends;
    const auto packet = copy_of(ends.client(random_request()).request());
    const Ends other;
    RC_PRE(other.server.public_key() != ends.server.public_key());
    RC_ASSERT_FALSE(open_dynamic_request(packet, other.server));
    const auto opened = open_dynamic_request(packet, ends.server);
    RC_ASSERT(opened);
    const ExchangeKey server = ends.server.public_key();
    RC_ASSERT(verify(*opened, packet, ends.public_key, ends.addressee, server));
    RC_ASSERT_FALSE(verify(*opened, packet, other.public_key, ends.addressee, server));
    RC_ASSERT_FALSE(verify(*opened, packet, ends.public_key, other.addressee, server));
    RC_ASSERT_FALSE(verify(*opened, packet, ends.public_key, ends.addressee, other.server.public_key()));
}

// Questions arrive in any order, some twice, some never, some altered: those are taken, and only those, that
// are newer than all taken before.
void questions_in_any_order() {
    const Ends ends;
    DynamicClient client = ends.client(random_request());
    DynamicServer server = ends.session(client.request());
    std::vector<std::vector<std::uint8_t>> sent;
    for (int i = 0; i < 8; ++i)
        sent.push_back(copy_of(client.ask()));
    const auto order = *rc::gen::container<std::vector<std::size_t>>(12, rc::gen::inRange<std::size_t>(0, 8));
    std::size_t newest = 0; // its number, from 1 on
    for (const std::size_t which : order) {
        if (*rc::gen::inRange(0, 4) == 0) {
            RC_ASSERT_FALSE(server.takes(with_flipped_bit(sent[which])));
            continue;
        }
        RC_ASSERT(server.takes(sent[which]) == (which + 1 > newest));
        newest = std::max(newest, which + 1);
    }
}

void answers_in_any_order() {
    const Ends ends;
    DynamicClient client = ends.client(random_request());
    DynamicServer server = ends.session(client.request());
    std::vector<DynamicAnswer> said;
    std::vector<std::vector<std::uint8_t>> sent;
    for (int i = 0; i < 8; ++i) {
        said.push_back(random_answer());
        sent.push_back(copy_of(server.answer(said.back())));
    }
    const auto order = *rc::gen::container<std::vector<std::size_t>>(12, rc::gen::inRange<std::size_t>(0, 8));
    std::size_t newest = 0;
    for (const std::size_t which : order) {
        if (*rc::gen::inRange(0, 4) == 0) {
            RC_ASSERT_FALSE(client.answer(with_flipped_bit(sent[which])));
            continue;
        }
        const auto heard = client.answer(sent[which]);
        RC_ASSERT(heard.has_value() == (which + 1 > newest));
        if (heard) RC_ASSERT(same(*heard, said[which]));
        newest = std::max(newest, which + 1);
    }
}

// Two requests of one user to one server: what belongs to one is nothing to the other, and no two packets of
// any kind are alike.
void messages_of_two_requests_do_not_mix() {
    const Ends ends;
    const DynamicRequest request = random_request();
    DynamicClient first = ends.client(request);
    DynamicClient second = ends.client(request); // the same value even: only the client's key differs
    RC_PRE(first.request() != second.request());
    DynamicServer server = ends.session(first.request());
    RC_ASSERT_FALSE(server.takes(second.ask()));
    RC_ASSERT_FALSE(second.answer(server.answer(random_answer())));
    const DynamicAnswer answer = random_answer();
    RC_ASSERT(server.answer(answer) != server.answer(answer));
    RC_ASSERT(first.ask() != first.ask());
}

} // namespace

bool dynamic_properties() {
    bool all = rc::check("P1: what was asked is read", what_was_asked_is_read);
    all &= rc::check("P1: any altered bit is found", any_altered_bit_of_p1_is_found);
    all &= rc::check("P1: any cut is found", any_cut_of_p1_is_found);
    all &= rc::check("P1: any splice is found", any_splice_of_p1_is_found);
    all &= rc::check("P1: another server key, addressee or user refuses it",
                     another_server_key_addressee_or_user_refuses_it);
    all &= rc::check("P2: in any order, twice, never, altered", questions_in_any_order);
    all &= rc::check("P3: in any order, twice, never, altered", answers_in_any_order);
    all &= rc::check("P2 and P3: those of two requests do not mix", messages_of_two_requests_do_not_mix);
    return all;
}

} // namespace otk::property
