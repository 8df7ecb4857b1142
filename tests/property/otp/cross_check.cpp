// Compares chains with two implementations that others wrote: Heimdal's otpprint and tcllib's otp package.
//
//     cross-check heimdal|tcllib WORK_DIRECTORY [SEED]
//
// Random passphrases, seeds and counts; every value is compared in hex and in words. Ends with 77 (skipped,
// to meson) and says so when the other implementation is not installed.
#include "base/promise.h"
#include "base/text.h"
#include "otp/chain.h"
#include "otp/text_form.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <random>
#include <vector>

using namespace otk;

namespace {

constexpr int skipped = 77;
constexpr std::array rfc_algorithms{Algorithm::md4, Algorithm::md5, Algorithm::sha1};

class Cases {
  public:
    explicit Cases(std::uint32_t seed) : engine_(seed) {}

    std::uint32_t below(std::uint32_t bound) {
        return std::uniform_int_distribution<std::uint32_t>(0, bound - 1)(engine_);
    }
    std::string seed() {
        return text(1 + below(16), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    }
    std::string passphrase() {
        std::string printable;
        for (char c = ' '; c <= '~'; ++c)
            printable += c;
        return text(10 + below(54), printable);
    }

  private:
    std::string text(std::uint32_t size, std::string_view characters) {
        std::string out;
        while (out.size() < size)
            out += characters[below(static_cast<std::uint32_t>(characters.size()))];
        return out;
    }
    std::mt19937 engine_;
};

// What the shell command prints on standard output.
std::vector<std::string> lines_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    if (!pipe) throw system_error("popen");
    std::string all;
    std::array<char, 4096> buffer{};
    while (const std::size_t got = fread(buffer.data(), 1, buffer.size(), pipe.get()))
        all.append(buffer.data(), got);
    std::vector<std::string> lines;
    for (const std::string_view line : split(all, '\n')) {
        if (!line.empty()) lines.emplace_back(line);
    }
    return lines;
}

bool works(const std::string& command) {
    return std::system(("{ " + command + "; } >/dev/null 2>&1").c_str()) == 0;
}

void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    file.close();
    if (!file) throw Error("cannot write " + path.string());
}

class Comparison {
  public:
    void expect(const std::string& what, const std::string& ours, const std::string& theirs) {
        ++compared_;
        if (ours == theirs) return;
        if (++different_ <= 10) fmt::print("DIFFERENT {}: ours \"{}\", theirs \"{}\"\n", what, ours, theirs);
    }
    [[nodiscard]] int finish(std::string_view with, std::size_t at_least) const {
        fmt::print("{} values compared with {}, {} different\n", compared_, with, different_);
        if (compared_ < at_least) fmt::print("too few: {} were to be compared\n", at_least);
        return different_ == 0 && compared_ >= at_least ? 0 : 1;
    }

  private:
    std::size_t compared_ = 0;
    std::size_t different_ = 0;
};

// otpprint asks the terminal for the passphrase; without one (setsid) it reads standard input. It prints the
// values from `top` downwards in rising order, "99: 50fe1962c4965880".
int compare_with_heimdal(Cases& cases, const std::filesystem::path& directory) {
    if (!works("command -v otpprint && command -v setsid")) {
        fmt::print(
            "SKIPPED: otpprint (package heimdal-clients) or setsid is not installed; nothing was compared\n");
        return skipped;
    }
    constexpr int rounds = 12;
    constexpr Count values = 120;
    Comparison comparison;
    for (int round = 0; round < rounds; ++round) {
        for (const Algorithm algorithm : rfc_algorithms) {
            const std::string passphrase = cases.passphrase();
            const std::string seed = cases.seed();
            const Count top = values + cases.below(300);
            const auto file = directory / "passphrase";
            write_file(file, passphrase + "\n");
            const auto chain = ChainSecret::from_passphrase(algorithm, SecretText(passphrase), seed);
            const std::string command = fmt::format(
                "setsid otpprint -n {} -f {} {{}} {} {} <'{}' 2>/dev/null", values,
                algorithm == Algorithm::sha1 ? "sha" : name_of(algorithm), top, seed, file.string());
            for (const TextForm form : {TextForm::hex, TextForm::words}) {
                const auto lines =
                    lines_of(fmt::format(fmt::runtime(command), form == TextForm::hex ? "-h" : ""));
                Value value = chain.at(top - values + 1);
                for (std::size_t i = 0; i < values; ++i) {
                    const Count count = top - values + 1 + static_cast<Count>(i);
                    const std::string ours =
                        form == TextForm::hex ? to_hex(value.view()) : format_value(value, form);
                    comparison.expect(
                        fmt::format("{} {} {} \"{}\"", name_of(algorithm), count, seed, passphrase),
                        fmt::format("{}: {}", count, ours), i < lines.size() ? lines[i] : "");
                    value = step(algorithm, value);
                }
            }
        }
    }
    return comparison.finish("Heimdal's otpprint", std::size_t{2} * rounds * values * rfc_algorithms.size());
}

// One script with all cases; the passphrase goes in as hex, so nothing in it means anything to Tcl.
int compare_with_tcllib(Cases& cases, const std::filesystem::path& directory) {
    if (!works("echo 'exit [catch {package require otp}]' | tclsh")) {
        fmt::print(
            "SKIPPED: tclsh or its package otp (package tcllib) is not installed; nothing was compared\n");
        return skipped;
    }
    constexpr int rounds = 1000;
    std::string script = "package require otp\n";
    std::vector<std::string> wanted;
    for (int round = 0; round < rounds; ++round) {
        for (const Algorithm algorithm : rfc_algorithms) {
            const std::string passphrase = cases.passphrase();
            const std::string seed = cases.seed();
            const Count count = cases.below(50) == 0 ? cases.below(100) : cases.below(5);
            script += fmt::format("set v [::otp::otp-{} -seed {} -count {} -- [binary format H* {}]]\n"
                                  "binary scan $v H* hex\nputs \"$hex [::otp::otp_encode $v]\"\n",
                                  name_of(algorithm), seed, count, to_hex(as_bytes(passphrase)));
            const Value value =
                ChainSecret::from_passphrase(algorithm, SecretText(passphrase), seed).at(count);
            wanted.push_back(to_hex(value.view()) + " " + format_value(value, TextForm::words));
        }
    }
    const auto file = directory / "cross_check.tcl";
    write_file(file, script);
    const auto lines = lines_of(fmt::format("tclsh '{}'", file.string()));
    Comparison comparison;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        comparison.expect(fmt::format("case {}", i), wanted[i], i < lines.size() ? lines[i] : "");
    }
    return comparison.finish("tcllib's otp", wanted.size());
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view with = argc > 1 ? argv[1] : "";
    if (argc < 3 || argc > 4 || (with != "heimdal" && with != "tcllib")) {
        fmt::print(stderr, "usage: cross-check heimdal|tcllib WORK_DIRECTORY [SEED]\n");
        return 2;
    }
    const auto seed = static_cast<std::uint32_t>(argc == 4 ? std::strtoul(argv[3], nullptr, 10) : 2289);
    fmt::print("seed of the cases: {}\n", seed);
    const auto directory = std::filesystem::path(argv[2]) / fmt::format("cross-{}", with);
    std::filesystem::create_directories(directory);
    Cases cases(seed);
    return with == "heimdal" ? compare_with_heimdal(cases, directory) : compare_with_tcllib(cases, directory);
}
