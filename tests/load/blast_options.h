// The command line of blast.
#pragma once

#include "tests/load/frames.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace otk::load {

// What no option can lift: a slip of the pen shall not fill a machine for long.
inline constexpr std::uint64_t most_packets = 100'000'000;
inline constexpr std::uint64_t most_seconds = 120;

struct Options {
    Address target;
    Shape shape;
    std::uint64_t count = 0;
    std::chrono::seconds time{0};
    std::uint64_t rate = 0; // packets a second; 0: as fast as it goes
    std::uint32_t sources = 1;
    std::uint64_t seed = 1;
    std::uint64_t place = 0;   // of the first packet in the flood with that seed
    std::vector<Value> knocks; // in this order, each once
    std::vector<Value> flood;  // instead of garbage, again and again
    std::string pcap;          // the file to write instead of sending
};

extern const char* const usage;

// Computes or reads the knocks too. Nothing: `--help`. Throws UsageError for what is wrong on the line, Error
// for a file that cannot be read.
[[nodiscard]] std::optional<Options> read_options(int argc, char** argv);

class UsageError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

} // namespace otk::load
