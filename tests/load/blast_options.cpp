#include "tests/load/blast_options.h"

#include "base/promise.h"
#include "base/text.h"
#include "tests/load/chains.h"

#include <fstream>
#include <functional>
#include <getopt.h>
#include <iostream>
#include <map>

namespace otk::load {

const char* const usage =
    "usage: blast --to ADDRESS --count N --seconds S [OPTIONS]\n"
    "Sends packets that look like knocks to a host of its own network namespace's subnet, never elsewhere.\n"
    "  --count N             so many packets at most, knocks included (up to 100000000)\n"
    "  --seconds S           for so long at most (up to 120)\n"
    "  --rate R              packets a second; without it as fast as it goes\n"
    "  --carrier C           udp (default), icmp (echo requests as of ping -p), dns (questions under "
    "--zone)\n"
    "                        text (over udp, --size S letters of base64)\n"
    "  --port P              default 62201; for dns 53\n"
    "  --zone ZONE           for dns\n"
    "  --sources N           from so many addresses in turn, 198.18.0.1 and upwards (RFC 2544), instead of "
    "one's own\n"
    "  --seed N, --place N   which garbage: that seed's, from that place on (default 1, 0)\n"
    "  --flood-of FILE       instead of garbage these values in turn, in hex, one a line (-: standard "
    "input)\n"
    "knocks, spread evenly over the flood:\n"
    "  --knocks FIRST:COUNT  one each of that many grants of chains.h, from grant FIRST on\n"
    "  --chain GRANT:COUNT   that many of one grant, in their order\n"
    "  --skip N              the chains' first N knocks are left out (default 0)\n"
    "  --length L, --chain-seed S  of these chains (default 100, 1)\n"
    "  --list FILE           these values, in hex, one a line (-: standard input)\n"
    "elsewhere:\n"
    "  --pcap FILE           writes the same frames into a file instead of sending them\n"
    "One line of JSON says at the end what was sent and how fast.\n";

namespace {

std::uint64_t number(const std::string& option, std::string_view text, std::uint64_t least,
                     std::uint64_t most) {
    const auto parsed = parse_decimal(text, most);
    if (!parsed || *parsed < least) {
        throw UsageError("--" + option + ": a number from " + std::to_string(least) + " to " +
                         std::to_string(most) + " is wanted, not '" + printable(text) + "'");
    }
    return *parsed;
}

// "FIRST:COUNT"
std::pair<std::uint64_t, std::uint64_t> pair_of(const std::string& option, std::string_view text) {
    const auto parts = split(text, ':');
    if (parts.size() != 2) throw UsageError("--" + option + ": two numbers are wanted, as in 0:100");
    return {number(option, parts[0], 0, most_packets), number(option, parts[1], 1, most_packets)};
}

std::vector<Value> values_of(std::istream& lines, const std::string& name) {
    std::vector<Value> values;
    for (std::string line; std::getline(lines, line);) {
        const auto bytes = from_hex(line);
        if (!bytes || bytes->size() != largest_value) {
            throw Error(name + ", line " + std::to_string(values.size() + 1) + ": 32 hex digits are wanted");
        }
        values.emplace_back(*bytes);
    }
    if (values.empty()) throw Error(name + ": there is no value in it");
    return values;
}

std::vector<Value> values_of_file(const std::string& name) {
    if (name == "-") return values_of(std::cin, "standard input");
    std::ifstream file(name);
    if (!file) throw system_error("cannot read " + name);
    return values_of(file, name);
}

using Given = std::map<std::string, std::string>; // by the option's name

// The word given to an option, or the other.
using Word = std::function<std::string(const char* option, const char* otherwise)>;

// One knock of each grant, or the next knocks of one; then what --list holds.
std::vector<Value> knocks_of(const Given& given, const Word& word) {
    const LoadChains chains{
        .seed = number("chain-seed", word("chain-seed", "1"), 0, UINT64_MAX),
        .length = static_cast<Count>(number("length", word("length", "100"), shortest_chain, longest_chain))};
    const auto skip = number("skip", word("skip", "0"), 0, chains.length - 2);
    const auto first = chains.length - 1 - static_cast<Count>(skip);
    std::vector<Value> knocks;
    if (given.contains("knocks")) {
        const auto [grant, count] = pair_of("knocks", given.at("knocks"));
        for (std::uint64_t i = 0; i < count; ++i) {
            knocks.push_back(chains.value(grant + i, first));
        }
    }
    if (given.contains("chain")) {
        const auto [grant, count] = pair_of("chain", given.at("chain"));
        if (count > first)
            throw UsageError("--chain: the chain has " + std::to_string(first) + " knocks left");
        for (Count i = 0; i < count; ++i) {
            knocks.push_back(chains.value(grant, first - i));
        }
    }
    if (given.contains("list")) {
        for (const Value& value : values_of_file(given.at("list"))) {
            knocks.push_back(value);
        }
    }
    return knocks;
}

// Every option takes a word; nothing for --help.
std::optional<Given> words_of(int argc, char** argv) {
    static const char* const names[] = {"to",     "count",      "seconds", "rate",     "carrier",
                                        "port",   "zone",       "sources", "seed",     "place",
                                        "knocks", "chain",      "skip",    "length",   "list",
                                        "pcap",   "chain-seed", "help",    "flood-of", "size"};
    std::vector<option> options;
    for (const char* name : names) {
        options.push_back(
            {name, std::string_view(name) == "help" ? no_argument : required_argument, nullptr, 1});
    }
    options.push_back({});
    Given given;
    int index = 0;
    for (int found = 0; (found = getopt_long(argc, argv, "", options.data(), &index)) != -1;) {
        if (found != 1) throw UsageError("blast --help lists the options");
        given[names[index]] = optarg == nullptr ? "" : optarg;
    }
    if (optind < argc) throw UsageError(std::string("'") + printable(argv[optind]) + "' is no option");
    if (given.contains("help")) return std::nullopt;
    return given;
}

Zone zone_of(const std::string& text) {
    const auto zone = Zone::parse(text);
    if (!zone) throw UsageError("--zone: '" + printable(text) + "' is no name (dns needs a zone)");
    return *zone;
}

Shape shape_of(const Word& word) {
    static const std::map<std::string, Carrier> carriers = {
        {"udp", Carrier::udp}, {"icmp", Carrier::icmp}, {"dns", Carrier::dns}, {"text", Carrier::text}};
    Shape shape;
    const auto found = carriers.find(word("carrier", "udp"));
    if (found == carriers.end()) throw UsageError("--carrier: udp, icmp, dns or text is wanted");
    shape.carrier = found->second;
    const bool dns = shape.carrier == Carrier::dns;
    shape.port = static_cast<std::uint16_t>(number("port", word("port", dns ? "53" : "62201"), 1, 65535));
    if (dns) shape.zone = zone_of(word("zone", ""));
    if (shape.carrier == Carrier::text) shape.text_size = number("size", word("size", ""), 1, longest_text);
    return shape;
}

} // namespace

std::optional<Options> read_options(int argc, char** argv) {
    const auto given = words_of(argc, argv);
    if (!given) return std::nullopt;
    const auto word = [&](const char* option, const char* otherwise) {
        const auto found = given->find(option);
        return found == given->end() ? std::string(otherwise) : found->second;
    };
    Options options;
    const auto target = Address::parse(word("to", ""));
    if (!target || target->family() != Family::ipv4) throw UsageError("--to: an IPv4 address is wanted");
    options.target = *target;
    options.shape = shape_of(word);
    options.count = number("count", word("count", ""), 1, most_packets);
    options.time = std::chrono::seconds(number("seconds", word("seconds", ""), 1, most_seconds));
    options.rate = number("rate", word("rate", "0"), 0, most_packets);
    options.sources = static_cast<std::uint32_t>(number("sources", word("sources", "1"), 1, 1U << 16));
    options.seed = number("seed", word("seed", "1"), 0, UINT64_MAX);
    options.place = number("place", word("place", "0"), 0, UINT64_MAX / 4);
    options.knocks = knocks_of(*given, word);
    if (options.knocks.size() > options.count) throw UsageError("--count: there are more knocks than that");
    if (given->contains("flood-of")) options.flood = values_of_file(given->at("flood-of"));
    options.pcap = word("pcap", "");
    return options;
}

} // namespace otk::load
