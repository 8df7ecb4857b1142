// What a request costs that carries a true value, beside what every look-alike costs: its hashes and
// look-ups. The order of acceptance (DESIGN 5 and 6) keeps a flood on the cheap side: a packet reaches the
// costly one only if its value is the next of some chain, and then at most 8 times.
#include "base/random.h"
#include "knockd/capture/screen.h"
#include "request/dynamic.h"

#include <benchmark/benchmark.h>
#include <vector>

using namespace otk;

namespace {

constexpr unsigned window = 10; // the default

struct Ends {
    ChainSecret secret = ChainSecret::generate(Algorithm::sha256, system_random);
    SigningKey key = SigningKey::of(secret);
    PublicKey public_key = key.public_key();
    ServerKey server = ServerKey::generate(system_random);
    Addressee addressee{{}, "sshd"};
    Value value = secret.at(1);
};

SignedKnock signed_knock(const Ends& ends) {
    SignedKnock knock;
    knock.value = ends.value;
    knock.address = *Address::parse("203.0.113.9");
    sign(knock, ends.key, ends.addressee);
    return knock;
}

std::array<std::uint8_t, dynamic_request_size> dynamic_request(const Ends& ends) {
    DynamicRequest request;
    request.value = ends.value;
    request.syns = {{{443, 1}, {22, 2}, {80, 3}}};
    return DynamicClient(request, ends.key, ends.addressee, ends.server.public_key(), system_random)
        .request();
}

// Of one that is valid, parsing included; one that is not costs the same but for the last comparison.
void verify_signed_knock(benchmark::State& state) {
    const Ends ends;
    const auto message = format_signed_knock(signed_knock(ends));
    for (auto _ : state) {
        const auto knock = parse_signed_knock(message);
        if (!knock || !verify(*knock, ends.public_key, ends.addressee)) state.SkipWithError("a valid knock");
    }
}
BENCHMARK(verify_signed_knock);

// Refused by its encoding, before any arithmetic.
void refuse_signed_knock(benchmark::State& state) {
    const Ends ends;
    auto message = format_signed_knock(signed_knock(ends));
    message[17] = 5; // no family
    for (auto _ : state) {
        if (parse_signed_knock(message)) state.SkipWithError("a malformed knock");
    }
}
BENCHMARK(refuse_signed_knock);

void open_request(benchmark::State& state) {
    const Ends ends;
    const auto packet = dynamic_request(ends);
    for (auto _ : state) {
        if (!open_dynamic_request(packet, ends.server)) state.SkipWithError("a valid request");
    }
}
BENCHMARK(open_request);

void open_and_verify_request(benchmark::State& state) {
    const Ends ends;
    const auto packet = dynamic_request(ends);
    for (auto _ : state) {
        const auto opened = open_dynamic_request(packet, ends.server);
        if (!opened || !verify(*opened, packet, ends.public_key, ends.addressee, ends.server.public_key()))
            state.SkipWithError("a valid request");
    }
}
BENCHMARK(open_and_verify_request);

// The exchange in it.
void x25519(benchmark::State& state) {
    const Ends ends;
    const ExchangeKey other = ServerKey::generate(system_random).public_key();
    for (auto _ : state) {
        if (!ends.server.share_with(other)) state.SkipWithError("a good key");
    }
}
BENCHMARK(x25519);

// What a session costs from then on: one question read and one answer made.
void question_and_answer(benchmark::State& state) {
    const Ends ends;
    DynamicRequest request;
    request.value = ends.value;
    request.syns = {{{443, 1}, {22, 2}, {80, 3}}};
    DynamicClient client(request, ends.key, ends.addressee, ends.server.public_key(), system_random);
    DynamicServer server(std::move(open_dynamic_request(client.request(), ends.server)).take().keys);
    for (auto _ : state) {
        if (!server.takes(client.ask())) state.SkipWithError("a good question");
        benchmark::DoNotOptimize(server.answer({DynamicStatus::waiting, 0, 0, {}}));
    }
}
BENCHMARK(question_and_answer);

// A well-formed P1 or signed knock whose value is wrong: this, among 1 and a million images, is all that it
// costs.
void screen_a_wrong_value(benchmark::State& state) {
    constexpr std::size_t packets = 4096; // different ones, in turn
    const auto images = static_cast<std::size_t>(state.range(0));
    std::vector<std::uint8_t> bytes(16 * images);
    system_random(bytes);
    ValueTable table(0x6f746b);
    for (std::size_t i = 0; i < bytes.size(); i += 16)
        table.add(Algorithm::sha256, Value(Bytes(bytes).subspan(i, 16)), ValueTable::is_image);
    Screen screen(table, bit(Algorithm::sha256), window);
    std::vector<std::uint8_t> values(16 * packets);
    system_random(values);
    std::size_t next = 0;
    std::size_t found = 0;
    for (auto _ : state) {
        const Bytes value = Bytes(values).subspan(16 * (next++ % packets), 16);
        if (!screen.add(udp_candidates(value))) state.SkipWithError("a packet without a value");
        if (!screen.full()) continue;
        for (const auto& one : screen.find())
            found += one ? 1U : 0U;
    }
    if (found != 0) state.SkipWithError("garbage was found to be a knock");
}
BENCHMARK(screen_a_wrong_value)->Arg(1)->Arg(1'000'000);

} // namespace

BENCHMARK_MAIN();
