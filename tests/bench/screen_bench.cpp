// What a packet costs that looks like a knock and is none, from the frame to the verdict, among 1 to a
// million images; and beside it what its hashes alone cost, which no screening can do without.
#include "base/random.h"
#include "knockd/capture/screen.h"
#include "net/dns.h"
#include "otp/chain.h"
#include "otp/text_form.h"

#include <benchmark/benchmark.h>
#include <vector>

using namespace otk;

namespace {

constexpr unsigned window = 10;       // the default
constexpr std::size_t packets = 4096; // different ones, in turn

std::vector<std::uint8_t> random_bytes(std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    system_random(bytes);
    return bytes;
}

void fill(ValueTable& table, std::size_t images) {
    const std::vector<std::uint8_t> bytes = random_bytes(16 * images);
    for (std::size_t i = 0; i < bytes.size(); i += 16)
        table.add(Algorithm::sha256, Value(Bytes(bytes).subspan(i, 16)), ValueTable::is_image);
}

// An IPv4 packet with that payload behind `header` bytes of its transport's header, in an Ethernet frame.
std::vector<std::uint8_t> frame_of(std::uint8_t protocol, std::vector<std::uint8_t> header, Bytes payload) {
    std::vector<std::uint8_t> frame(12, 2);
    const std::size_t length = 20 + header.size() + payload.size();
    frame.insert(frame.end(), {8,
                               0,
                               0x45,
                               0,
                               static_cast<std::uint8_t>(length >> 8),
                               static_cast<std::uint8_t>(length),
                               0,
                               0,
                               0,
                               0,
                               64,
                               protocol,
                               0,
                               0,
                               192,
                               0,
                               2,
                               1,
                               192,
                               0,
                               2,
                               2});
    frame.insert(frame.end(), header.begin(), header.end());
    frame.insert(frame.end(), payload.begin(), payload.end());
    return frame;
}

std::vector<std::uint8_t> udp_frame(std::uint16_t port, Bytes payload) {
    const std::size_t length = 8 + payload.size();
    return frame_of(17,
                    {0x80, 1, static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port),
                     static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length), 0, 0},
                    payload);
}

std::vector<std::uint8_t> icmp_frame(Bytes payload) { return frame_of(1, {8, 0, 0, 0, 0, 1, 0, 1}, payload); }

const std::vector<Zone> zones{*Zone::parse("knock.example.org")};

std::vector<std::uint8_t> dns_frame() {
    const std::string label = format_compact(Value(random_bytes(16)), TextForm::base32);
    std::vector<std::uint8_t> message{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    for (const std::string& part :
         {label, std::string("knock"), std::string("example"), std::string("org")}) {
        message.push_back(static_cast<std::uint8_t>(part.size()));
        message.insert(message.end(), part.begin(), part.end());
    }
    message.insert(message.end(), {0, 0, 1, 0, 1});
    return udp_frame(53, message);
}

// What Capture::take does with a packet, but for answering the DNS.
Candidates candidates_of(const Packet& packet) {
    if (packet.transport != Transport::udp) return icmp_candidates(packet.payload);
    if (packet.destination_port != 53) return udp_candidates(packet.payload);
    const auto question = parse_question(packet.payload);
    const auto below = find_zone(*question, zones);
    RequestRoom room;
    return dns_candidates(*below, room);
}

using MakeFrame = std::vector<std::uint8_t> (*)();

void garbage(benchmark::State& state, MakeFrame make) {
    ValueTable table(0x6f746b);
    fill(table, static_cast<std::size_t>(state.range(0)));
    Screen screen(table, bit(Algorithm::sha256), window);
    std::vector<std::vector<std::uint8_t>> frames(packets);
    for (auto& frame : frames)
        frame = make();
    std::size_t next = 0;
    std::size_t found = 0;
    for (auto _ : state) {
        const auto packet = decode_packet(LinkType::ethernet, frames[next++ % packets]);
        if (!screen.add(candidates_of(*packet))) state.SkipWithError("a frame without any value in it");
        if (!screen.full()) continue;
        for (const auto& one : screen.find())
            found += one ? 1U : 0U;
    }
    if (found != 0) state.SkipWithError("garbage was found to be a knock");
}

void images(benchmark::internal::Benchmark* benchmark) {
    for (const int number : {1, 1'000, 100'000, 1'000'000})
        benchmark->Arg(number);
}
// Ten hashes each.
BENCHMARK_CAPTURE(garbage, udp, [] { return udp_frame(62201, random_bytes(16)); })->Apply(images);
BENCHMARK_CAPTURE(garbage, icmp_16_bytes, [] { return icmp_frame(random_bytes(16)); })->Apply(images);
BENCHMARK_CAPTURE(garbage, dns, dns_frame)->Apply(images);
// An ordinary ping's size, which leaves room for a value at four offsets: forty hashes.
BENCHMARK_CAPTURE(garbage, icmp_56_bytes, [] { return icmp_frame(random_bytes(56)); })->Apply(images);

// Each hash waits for the one before it.
void hashes_alone(benchmark::State& state) {
    std::vector<Value> values;
    for (std::size_t i = 0; i < packets; ++i)
        values.emplace_back(random_bytes(16));
    std::size_t next = 0;
    for (auto _ : state) {
        Value walked = walk(Algorithm::sha256, values[next++ % packets], window);
        benchmark::DoNotOptimize(walked);
    }
}
BENCHMARK(hashes_alone);

// As the screening does it: ten hashes for each of many values, side by side.
void hashes_in_step(benchmark::State& state) {
    std::vector<Value> values;
    for (std::size_t i = 0; i < packets; ++i)
        values.emplace_back(random_bytes(16));
    std::array<Walker, Screen::most_packets> walkers;
    std::size_t next = 0;
    for (auto _ : state) {
        const std::size_t place = next % walkers.size();
        walkers[place].begin(Algorithm::sha256, values[next++ % packets]);
        if (place + 1 < walkers.size()) continue;
        for (unsigned i = 0; i < window; ++i) {
            for (Walker& walker : walkers)
                walker.step();
        }
        benchmark::DoNotOptimize(walkers);
    }
}
BENCHMARK(hashes_in_step);

// A reset is followed by a million of these.
void add_images(benchmark::State& state) {
    ValueTable table(0x6f746b);
    for (auto _ : state) {
        table.clear();
        fill(table, static_cast<std::size_t>(state.range(0)));
    }
    state.counters["bytes_a_value"] = static_cast<double>(table.memory()) / static_cast<double>(table.size());
}
BENCHMARK(add_images)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
