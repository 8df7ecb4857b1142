#include "knockd/monitor/options.h"

#include "base/version.h"

#include <cstdio>
#include <string>

#include <cxxopts.hpp>
#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::string_view examples = R"(
Examples:
  knockd --check                       say what the configuration needs, start nothing
  knockd                               serve; state in /var/lib/otk, made by `knockmgr init`
  knockd --dir /srv/otk                serve with all state and the configuration in one directory
  tcpdump -w day.pcap udp port 62201; knockd --read day.pcap
                                       say which knocks a capture holds and what would become of them

Signals: TERM ends everything in order, HUP reads the configuration again (a bad one is refused).
See knockd(8), otk.toml(5), knockmgr(8).
)";

} // namespace

std::optional<Options> parse_options(int argc, char** argv, int& exit_code) {
    Options options;
    cxxopts::Options parser("knockd", "knockd - triggers commands for one-time knocks (otk)\n");
    cxxopts::OptionAdder add = parser.add_options();
    add("config", "read this configuration", cxxopts::value(options.config), "FILE");
    add("dir", "keep all state, and look for otk.toml, in this directory", cxxopts::value(options.dir),
        "DIR");
    add("check", "check the configuration, say what it needs from outside, and exit",
        cxxopts::value(options.check));
    add("read", "judge the knocks in a capture file; nothing is spent or run", cxxopts::value(options.read),
        "FILE.pcap");
    add("help", "show this help");
    add("version", "show the version");
    try {
        const cxxopts::ParseResult result = parser.parse(argc, argv);
        exit_code = 0;
        if (result.count("help") > 0) {
            fmt::print("{}{}", parser.help(), examples);
            return std::nullopt;
        }
        if (result.count("version") > 0) {
            fmt::print("knockd (otk) {}\n", release_version);
            return std::nullopt;
        }
        if (!result.unmatched().empty())
            throw std::invalid_argument("unexpected argument " + result.unmatched().front());
        if (options.check && !options.read.empty())
            throw std::invalid_argument("--check and --read exclude each other");
        return options;
    } catch (const std::exception& error) { // cxxopts throws for wrong usage
        fmt::print(stderr, "knockd: {}; `knockd --help` shows what it takes\n", error.what());
        exit_code = 2;
        return std::nullopt;
    }
}

} // namespace otk
