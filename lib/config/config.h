// otk.toml (DESIGN 12). Every key has a default; an unknown key, a wrong type or a value out of range is an
// error with file, line and column.
#pragma once

#include "base/promise.h"
#include "net/address.h"
#include "net/dns.h"
#include "otp/algorithm.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace otk {

inline constexpr unsigned largest_window = 64;
inline constexpr std::size_t most_interfaces = 16;
inline constexpr std::size_t most_ports = 64;
inline constexpr std::size_t most_zones = 16;
inline constexpr std::size_t most_listen_addresses = 64;

struct Config {
    struct {
        std::vector<std::string> interfaces{"any"};
    } capture;
    struct {
        unsigned window = 10; // 1 to largest_window
        std::vector<Algorithm> algorithms{Algorithm::sha256};
        std::uint64_t weak_limit = 100'000; // R x window, DESIGN 3
    } accept;
    struct {
        bool enabled = true;
        std::vector<std::uint16_t> ports{62201};
    } udp;
    struct {
        bool enabled = true;
    } icmp;
    struct {
        bool enabled = true;
        std::vector<Zone> zones;
        std::string ns; // empty: ns.ZONE for each zone
        bool answer = true;
        std::vector<Address> listen; // empty: every address of the capture interfaces except loopback
        std::uint32_t rate = 10'000; // answers a second at most
    } dns;
    struct {
        std::string validate = "otk";
        std::string capture = "otk-capture";
    } users;
    struct {
        std::uint32_t running_commands = 16;
    } limits;
};

// Throws Error: "FILE:LINE:COLUMN: what is wrong, what it should be". A file that does not exist is an Error
// too.
[[nodiscard]] Config load_config(const std::filesystem::path& file);
[[nodiscard]] Config parse_config(std::string_view toml, std::string_view file_name);

// The documented default configuration, as `knockmgr init` writes it: every key with its default, commented.
[[nodiscard]] std::string default_config_text();

// Where a program finds its state: --dir DIR, else OTK_DIR, else the system's /etc/otk and /var/lib/otk.
struct Places {
    std::filesystem::path config;    // /etc/otk/otk.toml          or DIR/otk.toml
    std::filesystem::path state;     // /var/lib/otk               or DIR
    std::filesystem::path policy_db; // STATE/policy/policy.db
    std::filesystem::path ledger_db; // STATE/ledger/ledger.db
    std::filesystem::path mark;      // STATE/monitor/mark
    std::filesystem::path status;    // STATE/monitor/status.json
};
[[nodiscard]] Places places(const std::string& dir_option);

} // namespace otk
