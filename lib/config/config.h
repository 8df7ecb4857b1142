// otk.toml (DESIGN 12). Every key has a default; an unknown key, a wrong type or a value out of range is an
// error with file, line and column.
#pragma once

#include "base/port_range.h"
#include "base/promise.h"
#include "net/address.h"
#include "net/dns.h"
#include "otp/algorithm.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace otk {

inline constexpr unsigned largest_window = 64;
inline constexpr std::size_t most_interfaces = 16;
inline constexpr std::size_t most_ports = 64;
inline constexpr std::size_t most_zones = 16;
inline constexpr std::size_t most_listen_addresses = 64;
inline constexpr std::size_t most_allowed_networks = 64;

enum class FirewallMode : std::uint8_t { guard, sets, none }; // DESIGN 9
[[nodiscard]] std::string_view name_of(FirewallMode mode);

struct Config {
    struct {
        std::vector<std::string> interfaces{"any"};
    } capture;
    struct {
        unsigned window = 10; // 1 to largest_window
        std::vector<Algorithm> algorithms{Algorithm::sha256};
        std::uint64_t weak_limit = 100'000;  // R x window, DESIGN 3
        std::chrono::seconds clock_skew{60}; // how far the time of a signed request may lie from ours
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
        bool confirm = true;         // TXT: what became of a knock (DESIGN 4)
    } dns;
    struct {
        bool enabled = false;
        std::uint16_t port = 62201; // udp; may be one of the knock ports
    } dynamic;
    struct {
        PortRange ports{61'000, 65'534}; // of forwarding doors
    } forward;
    struct {
        FirewallMode mode = FirewallMode::guard;
        // mode "sets": the administrator's own. NAME_24 is the set for --prefix4 24, and so on.
        std::string table = "filter"; // of family inet
        std::string set4 = "otk4";
        std::string set6 = "otk6";
        std::vector<Network> always_allow; // mode "guard": never shut out
    } firewall;
    struct {
        std::chrono::seconds keep{0};                     // rows of the ledger; 0: for ever
        std::chrono::seconds output_keep{90 * 24 * 3600}; // what commands wrote; 0: for ever
    } ledger;
    struct {
        std::string validate = "otk";
        std::string capture = "otk-capture";
        std::string forward = "otk-forward";
    } users;
    struct {
        std::uint32_t running_commands = 16;
        std::uint32_t doors = 256; // doors and holds that are open at once
    } limits;
    struct {
        std::vector<std::string> command; // argv with tokens, see knockd/monitor/alerts.h; empty: no alerts
        std::string run_as = "nobody";
        std::vector<std::string> on{"replay",      "late",        "contested",   "refused",
                                    "silence",     "few-left",    "exhausted",   "old-passphrase",
                                    "interrupted", "flood-begun", "flood-ended", "child-crashed",
                                    "guard-lost"};    // and "used"
        std::uint32_t per_hour = 20;                  // at most; what is held back is counted and said
        std::uint32_t few_left = 10;                  // knocks
        std::chrono::seconds silence{90 * 24 * 3600}; // a use after this long
        std::chrono::seconds passphrase_age{365 * 24 * 3600}; // 0: never too old
        std::uint32_t flood = 10'000;                         // packets a second that are no knock
        // Is the command to be run for this kind (alert_words.h)?
        [[nodiscard]] bool wants(std::string_view kind) const {
            return !command.empty() && std::find(on.begin(), on.end(), kind) != on.end();
        }
    } alerts;
    struct {
        std::filesystem::path file; // for node_exporter's textfile collector; empty: none
    } metrics;
    struct {
        std::string readable_by; // a group that may read status.json and doors.json; empty: everybody may
    } state;
};

// Throws Error: "FILE:LINE:COLUMN: what is wrong, what it should be". A file that does not exist is an Error
// too.
[[nodiscard]] Config load_config(const std::filesystem::path& file);
[[nodiscard]] Config parse_config(std::string_view toml, std::string_view file_name);

// The documented default configuration, as `knockmgr init` writes it: every key with its default, commented.
[[nodiscard]] std::string default_config_text();

// Where a program finds its state: --dir DIR, else OTK_DIR, else the system's /etc/otk and /var/lib/otk.
struct Places {
    std::filesystem::path config;        // /etc/otk/otk.toml          or DIR/otk.toml
    std::filesystem::path state;         // /var/lib/otk               or DIR
    std::filesystem::path policy_db;     // STATE/policy/policy.db
    std::filesystem::path ledger_db;     // STATE/ledger/ledger.db
    std::filesystem::path server_keys;   // STATE/server, where the private X25519 keys are
    std::filesystem::path mark;          // STATE/monitor/mark
    std::filesystem::path status;        // STATE/monitor/status.json
    std::filesystem::path doors;         // STATE/monitor/doors.json
    std::filesystem::path started_undos; // STATE/monitor/undo
    std::filesystem::path guard;         // STATE/monitor/guard.json
};
[[nodiscard]] Places places(const std::string& dir_option);

} // namespace otk
