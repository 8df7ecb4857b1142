// What one step of a chain costs, and what garbage costs that looks like text.
#include "base/random.h"
#include "otp/chain.h"
#include "otp/text_form.h"
#include "otp/words.h"

#include <benchmark/benchmark.h>

using namespace otk;

namespace {

constexpr std::uint8_t sha256_only = bit(Algorithm::sha256);
constexpr std::uint8_t everything =
    sha256_only | bit(Algorithm::md4) | bit(Algorithm::md5) | bit(Algorithm::sha1);

Value random_value(Algorithm algorithm) {
    std::array<std::uint8_t, largest_value> bytes{};
    system_random(bytes);
    return Value(Bytes(bytes).first(value_size(algorithm)));
}

void steps(benchmark::State& state, Algorithm algorithm, Count count) {
    Value value = random_value(algorithm);
    for (auto _ : state) {
        value = walk(algorithm, value, count);
        benchmark::DoNotOptimize(value);
    }
}
void step_by_step(benchmark::State& state,
                  Algorithm algorithm) { // as the screening does, which looks between steps
    Value value = random_value(algorithm);
    for (auto _ : state) {
        for (int i = 0; i < 10; ++i)
            value = step(algorithm, value);
        benchmark::DoNotOptimize(value);
    }
}
BENCHMARK_CAPTURE(step_by_step, sha256_10, Algorithm::sha256);
BENCHMARK_CAPTURE(steps, md4_1, Algorithm::md4, 1);
BENCHMARK_CAPTURE(steps, md5_1, Algorithm::md5, 1);
BENCHMARK_CAPTURE(steps, sha1_1, Algorithm::sha1, 1);
BENCHMARK_CAPTURE(steps, sha256_1, Algorithm::sha256, 1);
BENCHMARK_CAPTURE(steps, md4_10, Algorithm::md4, 10);
BENCHMARK_CAPTURE(steps, md5_10, Algorithm::md5, 10);
BENCHMARK_CAPTURE(steps, sha1_10, Algorithm::sha1, 10);
BENCHMARK_CAPTURE(steps, sha256_10, Algorithm::sha256, 10);

void read(benchmark::State& state, const char* text, std::uint8_t wanted) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(text);
        benchmark::DoNotOptimize(read_value(text, TextSource::line, wanted));
    }
}
constexpr const char* binary = "\x93\xe1\x07Q\xf0\x1b z\xc5\x88\x02\x11mN\xd4\xaa";
constexpr const char* http = "GET / HTTP/1.1 Host: example.net User-Agent: scanner/1.0 Accept: */*";
constexpr const char* hex_digits = "bffa 1396 807c d4f0 8b7e 6da6 95f9 ad18";
constexpr const char* base32_digits = "X75B HFUA PTKP BC36 NWTJ L6NN DA";
constexpr const char* six = "INCH SEA ANNE LONG AHEM TOUR";
constexpr const char* six_unknown = "inch sea anne long ahem tours";
constexpr const char* twelve = "MUCK ROAD SWAB AGO REAL DUNE GILL VASE COKE NIL HORN GLEE";
BENCHMARK_CAPTURE(read, binary, binary, sha256_only);
BENCHMARK_CAPTURE(read, http, http, sha256_only);
BENCHMARK_CAPTURE(read, http_64_bit_too, http, everything);
BENCHMARK_CAPTURE(read, hex, hex_digits, sha256_only);
BENCHMARK_CAPTURE(read, base32, base32_digits, sha256_only);
BENCHMARK_CAPTURE(read, twelve_words, twelve, sha256_only);
BENCHMARK_CAPTURE(read, six_words, six, everything);
BENCHMARK_CAPTURE(read, six_alternate_words, six_unknown, everything);

} // namespace

BENCHMARK_MAIN();
