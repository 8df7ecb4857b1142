// populate: a million users for load tests. What it does is said in chains.h.

#include "base/promise.h"
#include "base/text.h"
#include "otp/chain.h"
#include "populate.h"

#include <cstdio>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace {

using namespace otk;

constexpr const char* usage = "usage: populate STATE_DIR --grants N [--length L] [--command NAME] [--seed S]";
constexpr std::uint64_t most_grants = 10'000'000;

struct Wanted {
    std::filesystem::path file;
    Population population;
};

std::optional<Wanted> parse(int argc, char** argv) {
    std::map<std::string, std::string> options{
        {"--grants", ""}, {"--length", "100"}, {"--command", "load"}, {"--seed", "1"}};
    std::string directory;
    for (int index = 1; index < argc; ++index) {
        const std::string word = argv[index];
        if (options.contains(word) && index + 1 < argc) {
            options[word] = argv[++index];
        } else if (directory.empty() && !word.starts_with("-")) {
            directory = word;
        } else {
            return std::nullopt;
        }
    }
    const auto grants = parse_decimal(options["--grants"], most_grants);
    const auto length = parse_decimal(options["--length"], longest_chain);
    const auto seed = parse_decimal(options["--seed"], std::numeric_limits<std::int64_t>::max());
    if (directory.empty() || !grants || !length || *length < shortest_chain || !seed) return std::nullopt;
    Wanted wanted;
    wanted.file = std::filesystem::path(directory) / "policy" / "policy.db";
    wanted.population.grants = *grants;
    wanted.population.chains = {*seed, static_cast<Count>(*length)};
    wanted.population.command = options["--command"];
    wanted.population.at = SystemClock().now();
    return wanted;
}

} // namespace

int main(int argc, char** argv) {
    const auto wanted = parse(argc, argv);
    if (!wanted) {
        fmt::print(stderr, "{}\n", usage);
        return 2;
    }
    try {
        populate(wanted->file, wanted->population);
        return 0;
    } catch (const Error& error) {
        fmt::print(stderr, "populate: {}\n", error.what());
        return 1;
    }
}
