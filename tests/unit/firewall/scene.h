// A policy and a firewall of the monitor, in a network of their own.
#pragma once

#include "firewall/nft.h"
#include "knockd/monitor/firewall.h"
#include "tests/unit/firewall/own_network.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otk::test {

inline constexpr Service ssh{Protocol::tcp, 22};

inline bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}
inline std::string guard_text() { return list_table("otk"); }

// A policy with one open command, and a firewall that knows what stands open.
struct Scene {
    TemporaryDirectory directory;
    std::filesystem::path file = directory.path() / "policy.db";
    PolicyStore admin = PolicyStore::create(file, {}, {1});
    PolicyStore policy = PolicyStore::open_for_reading(file);
    EventLoop loop;
    SystemClock real;
    ManualClock clock{real.now()};
    Config config;
    std::vector<Firewall::Standing> standing;
    std::vector<std::string> losses;
    std::optional<Firewall> firewall;

    Scene() { add_command("ssh", ssh); }

    void start() {
        firewall.emplace(loop, clock, policy, config,
                         Firewall::Needs{[this] { return standing; },
                                         [this](const std::string& what) { losses.push_back(what); }});
        firewall->look_after();
    }
    CommandId add_command(const std::string& name, const Service& service, std::uint8_t prefix4 = 32) {
        Command command;
        command.name = name;
        command.kind = CommandKind::open;
        command.service = service;
        command.hold = std::chrono::seconds{60};
        command.prefix4 = prefix4;
        return admin.add_command(command);
    }
    void guard_on() { admin.set_guard({true, std::nullopt}); }
    void guard_on_trial(std::chrono::nanoseconds time) { admin.set_guard({true, clock.now() + time}); }
    [[nodiscard]] std::string open(std::string_view address, std::uint8_t prefix = 32) {
        const Door door{*Address::parse(address), prefix, ssh};
        standing.push_back({door, 0, clock.now() + std::chrono::minutes{5}});
        return firewall->open(door, std::chrono::minutes{5});
    }
};

} // namespace otk::test
