// What it costs to look at a frame, and to answer a DNS question.
#include "net/dns.h"
#include "net/knock.h"
#include "tests/unit/net/frames.h"

#include <benchmark/benchmark.h>

using namespace otk;

namespace {

// From the frame to the places where a value may stand.
void frame(benchmark::State& state, const frames::Captured& captured) {
    const auto bytes = frames::frame(captured);
    for (auto _ : state) {
        benchmark::DoNotOptimize(bytes.data());
        auto packet = decode_packet(captured.link, bytes);
        if (!packet) {
            benchmark::DoNotOptimize(packet);
            continue;
        }
        const bool udp = packet->transport == Transport::udp;
        benchmark::DoNotOptimize(udp ? udp_candidates(packet->payload) : icmp_candidates(packet->payload));
    }
}
BENCHMARK_CAPTURE(frame, udp4_text, frames::nc4_hex_and_address);
BENCHMARK_CAPTURE(frame, udp4_text_cooked2, frames::cooked2_nc4);
BENCHMARK_CAPTURE(frame, udp6_text, frames::nc6_hex);
BENCHMARK_CAPTURE(frame, udp6_raw, frames::nc6_raw);
BENCHMARK_CAPTURE(frame, icmp, frames::ping4_default);
BENCHMARK_CAPTURE(frame, icmpv6, frames::ping6_default);
BENCHMARK_CAPTURE(frame, arp, frames::arp);

const std::vector<Zone> zones{*Zone::parse("knock.example.org")};
const ZoneData data{zones[0], *Zone::parse("ns.knock.example.org"), {*Address::parse("192.0.2.53")}};

// From the frame to the label's candidate.
void dns_question(benchmark::State& state, const frames::Captured& captured) {
    const auto bytes = frames::frame(captured);
    for (auto _ : state) {
        benchmark::DoNotOptimize(bytes.data());
        const auto packet = decode_packet(captured.link, bytes);
        const auto question = parse_question(packet->payload);
        const auto below = find_zone(*question, zones);
        benchmark::DoNotOptimize(dns_candidates(below->label));
    }
}
BENCHMARK_CAPTURE(dns_question, dig4, frames::dig4);
BENCHMARK_CAPTURE(dns_question, dig6_named, frames::dig6_named);

void dns_answer(benchmark::State& state, const frames::Captured& captured) {
    const auto bytes = frames::frame(captured);
    const auto packet = decode_packet(captured.link, bytes);
    const auto question = parse_question(packet->payload);
    const auto below = find_zone(*question, zones);
    for (auto _ : state) {
        benchmark::DoNotOptimize(
            answer_question(*question, packet->payload.size(), data, *below, packet->destination));
    }
}
BENCHMARK_CAPTURE(dns_answer, no_data_edns, frames::dig4);
BENCHMARK_CAPTURE(dns_answer, no_data, frames::host4);

} // namespace

BENCHMARK_MAIN();
