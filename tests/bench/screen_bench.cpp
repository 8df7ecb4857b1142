// What a packet costs that looks like a knock and is none: candidates, ten hashes, eleven look-ups, among 1
// to a million images.
#include "base/random.h"
#include "knockd/capture/screen.h"
#include "otp/chain.h"

#include <benchmark/benchmark.h>
#include <vector>

using namespace otk;

namespace {

constexpr unsigned window = 10; // the default
constexpr std::size_t packets = 4096;

std::vector<std::array<std::uint8_t, 16>> random_values(std::size_t count) {
    std::vector<std::array<std::uint8_t, 16>> values(count);
    for (auto& value : values)
        system_random(value);
    return values;
}

void garbage(benchmark::State& state) {
    ValueTable table(0x6f746b);
    for (const auto& image : random_values(static_cast<std::size_t>(state.range(0))))
        table.add(Algorithm::sha256, Value(image), ValueTable::is_image);
    const Screen screen(table, bit(Algorithm::sha256), window);
    const auto payloads = random_values(packets);
    std::size_t next = 0;
    for (auto _ : state) {
        auto found = screen.find(udp_candidates(payloads[next++ % packets]));
        benchmark::DoNotOptimize(found);
    }
}
BENCHMARK(garbage)->Arg(1)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

// The same without the table: what the hashes alone cost. The rest of `garbage` is look-ups and grammar.
void hashes_alone(benchmark::State& state) {
    const auto payloads = random_values(packets);
    std::size_t next = 0;
    for (auto _ : state) {
        Value walked = walk(Algorithm::sha256, Value(payloads[next++ % packets]), window);
        benchmark::DoNotOptimize(walked);
    }
}
BENCHMARK(hashes_alone);

} // namespace

BENCHMARK_MAIN();
