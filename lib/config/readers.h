// How the values of the keys are read and checked, for the table in keys.cpp. Each throws what is wrong.
#pragma once

#include "config/config.h"
#include "config/reading.h"

#include <string>

namespace otk {

// Where knocks are heard: readers_hearing.cpp
void read_interfaces(const SettingReader& setting, Config& config);
void read_algorithms(const SettingReader& setting, Config& config);
void read_udp_ports(const SettingReader& setting, Config& config);
void read_zones(const SettingReader& setting, Config& config);
void read_ns(const SettingReader& setting, Config& config);
void read_listen(const SettingReader& setting, Config& config);

// What is done then: readers_doing.cpp
void read_forward_ports(const SettingReader& setting, Config& config);
void read_firewall_mode(const SettingReader& setting, Config& config);
void read_always_allow(const SettingReader& setting, Config& config);
void read_alert_command(const SettingReader& setting, Config& config);
void read_alert_kinds(const SettingReader& setting, Config& config);
void read_metrics_file(const SettingReader& setting, Config& config);
// The name of a system account.
[[nodiscard]] std::string read_account(const SettingReader& setting);
// The name of a table or set of nftables.
[[nodiscard]] std::string read_nft_name(const SettingReader& setting);
// A duration that is no shorter than `least` and no longer than `most`; zero for the word `instead`, "" for
// no such word.
[[nodiscard]] std::chrono::seconds read_duration(const SettingReader& setting, std::chrono::seconds least,
                                                 std::string_view instead,
                                                 std::chrono::seconds most = std::chrono::seconds::max());

// What two keys must keep true together. Throws Error at one of them.
void check_together(const Document& document, const Config& config);

} // namespace otk
