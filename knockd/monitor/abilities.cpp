#include "knockd/monitor/abilities.h"

#include "base/promise.h"
#include "sys/capabilities.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <linux/capability.h>

namespace otk {

namespace {

struct Needed {
    int capability = 0;
    std::string_view name; // without CAP_
    std::string_view purpose;
    int instead = -1; // another one that does as well
};

constexpr std::array capabilities_needed{
    Needed{CAP_NET_RAW, "NET_RAW", "to hear knocks"},
    Needed{CAP_SETUID, "SETUID", "to run helpers and commands under their accounts"},
    Needed{CAP_SETGID, "SETGID", "to run them with their groups"},
    Needed{CAP_SETPCAP, "SETPCAP", "to take every power from the helpers"},
    Needed{CAP_SYS_CHROOT, "SYS_CHROOT", "to confine the helpers"},
    Needed{CAP_KILL, "KILL", "to end commands whose time is over"},
    Needed{CAP_DAC_READ_SEARCH, "DAC_READ_SEARCH", "to see the ledger, which belongs to another account",
           CAP_DAC_OVERRIDE},
};

bool is_missing(const Needed& one, const HasCapability& has) {
    return !has(one.capability) && (one.instead < 0 || !has(one.instead));
}

} // namespace

std::string want_of_capabilities(const HasCapability& has) {
    std::string missing;
    std::string options;
    for (const Needed& one : capabilities_needed) {
        if (!is_missing(one, has)) continue;
        missing += fmt::format("{}CAP_{} ({})", missing.empty() ? "" : ", ", one.name, one.purpose);
        options += fmt::format(" --cap-add {}", one.name);
    }
    if (missing.empty()) return {};
    return fmt::format(
        "this process lacks {}: without it knockd cannot serve. A container is given it with{}, "
        "a service with CapabilityBoundingSet= of its unit",
        missing, options);
}

void must_be_able_to_serve() {
    const std::string want = want_of_capabilities(has_capability);
    if (!want.empty()) throw Error(want);
    if (const auto why = want_of_packet_socket()) {
        throw Error(fmt::format(
            "no packet socket can be had, though CAP_NET_RAW is there: {}. A container that root did not "
            "start cannot hear the network of its host; a service may be kept from it by "
            "RestrictAddressFamilies=, which needs AF_PACKET",
            *why));
    }
}

bool opens_doors(const PolicyStore& policy) {
    if (policy.guard().on) return true;
    const std::vector<Command> commands = policy.commands();
    return std::any_of(commands.begin(), commands.end(),
                       [](const Command& command) { return command.kind == CommandKind::open; });
}

} // namespace otk
