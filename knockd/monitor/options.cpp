#include "knockd/monitor/options.h"

#include "base/standard_streams.h"
#include "base/version.h"

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

// What is parsed, explained and completed.
const std::vector<completion::Option>& option_rows() {
    static const std::vector<completion::Option> rows{
        {"config", 0, "FILE", "read this configuration"},
        {"dir", 0, "DIR", "keep all state, and look for otk.toml, in this directory"},
        {"check", 0, "", "check the configuration, say what it needs from outside, and exit"},
        {"read", 0, "FILE.pcap", "judge the knocks in a capture file; nothing is spent or run"},
        {"help", 0, "", "show this help"},
        {"version", 0, "", "show the version"},
    };
    return rows;
}

cxxopts::Options parser_of_rows() {
    cxxopts::Options parser("knockd", "knockd - triggers commands for one-time knocks (otk)\n");
    for (const completion::Option& row : option_rows()) {
        std::shared_ptr<cxxopts::Value> value = cxxopts::value<bool>();
        if (!row.value.empty()) value = cxxopts::value<std::string>();
        parser.add_options()(std::string(row.name), row.help, value, std::string(row.value));
    }
    return parser;
}

std::string text_of(const cxxopts::ParseResult& result, const std::string& option) {
    return result.count(option) > 0 ? result[option].as<std::string>() : std::string();
}

} // namespace

completion::Grammar command_line() { return {{{"", "", "", option_rows()}}, {}}; }

std::optional<Options> parse_options(int argc, char** argv, int& exit_code) {
    Options options;
    cxxopts::Options parser = parser_of_rows();
    try {
        const cxxopts::ParseResult result = parser.parse(argc, argv);
        exit_code = 0;
        if (result.count("help") > 0) {
            put("{}{}", parser.help(), examples);
            return std::nullopt;
        }
        if (result.count("version") > 0) {
            put("knockd (otk) {}\n", release_version);
            return std::nullopt;
        }
        if (!result.unmatched().empty())
            throw std::invalid_argument("unexpected argument " + result.unmatched().front());
        options.config = text_of(result, "config");
        options.dir = text_of(result, "dir");
        options.check = result["check"].as<bool>();
        options.read = text_of(result, "read");
        if (options.check && !options.read.empty())
            throw std::invalid_argument("--check and --read exclude each other");
        return options;
    } catch (const std::exception& error) { // cxxopts throws for wrong usage
        tell("knockd: {}; `knockd --help` shows what it takes\n", error.what());
        exit_code = 2;
        return std::nullopt;
    }
}

} // namespace otk
