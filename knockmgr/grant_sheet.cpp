#include "knockmgr/grant_sheet.h"

#include "base/text.h"
#include "policy/tokens.h"

#include <array>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

std::string host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0 || !usable_host(name.data())) return "SERVER";
    return name.data();
}

std::string_view name_of(TextForm form) {
    switch (form) {
    case TextForm::hex: return "hex";
    case TextForm::words: return "words";
    case TextForm::base32: return "base32";
    }
    return "hex";
}

std::optional<SheetDoor> door_of(const Command& command, const Config& config) {
    constexpr std::uint16_t ssh_port = 22; // IANA's
    SheetDoor door;
    door.hold = command.hold;
    if (command.kind == CommandKind::open) {
        door.port = command.service.port;
        door.udp = command.service.protocol == Protocol::udp;
        door.ssh = door.port == ssh_port && !door.udp;
        return door;
    }
    if (command.kind != CommandKind::forward) return std::nullopt;
    door.ports = config.forward.ports;
    door.ssh = command.target.port == ssh_port;
    return door;
}

// A dns knock comes from a resolver, so the rule for addresses decides whether and how it can pass (DESIGN
// 4).
void plan_dns(SheetPlan& plan, const std::string& zone, bool needs_address, AddressRule rule) {
    if (needs_address && rule == AddressRule::knock) {
        plan.no_dns = "the command uses an address, and a dns knock comes from a resolver; --address named "
                      "(with --form base32) or --address source lets it pass";
        return;
    }
    plan.carriers.dns_names_address = needs_address && rule == AddressRule::named;
    if (plan.carriers.dns_names_address && plan.form != TextForm::base32) {
        plan.no_dns = "a dns knock must name an address here, which takes --form base32";
        return;
    }
    plan.carriers.zone = zone;
}

std::string door_options(const SheetDoor& door) {
    if (door.port != 0) {
        return fmt::format(" --open {}/{} --hold {}", door.port, door.udp ? "udp" : "tcp",
                           format_duration(door.hold));
    }
    return fmt::format(" --ports {}-{}{} --hold {}", door.ports.low, door.ports.high,
                       door.ssh ? " --ssh" : "", format_duration(door.hold));
}

} // namespace

std::string host_option(const Invocation& invocation) {
    const auto host = invocation.value("host");
    if (!host) return host_name();
    if (usable_host(*host)) return *host;
    throw UsageError(
        fmt::format("--host {} cannot stand in a command line; give the server's DNS name or its address",
                    printable(*host)));
}

TextForm form_option(const Invocation& invocation) {
    const std::string name = invocation.value("form").value_or("hex");
    for (const TextForm form : {TextForm::hex, TextForm::words, TextForm::base32}) {
        if (name == name_of(form)) return form;
    }
    throw UsageError(fmt::format("--form {} is none of hex, words and base32", printable(name)));
}

SheetPlan plan_sheet(const Invocation& invocation, const Config& config, const Command& command,
                     const GrantRules& rules) {
    SheetPlan plan;
    plan.host = host_option(invocation);
    plan.command = command.name;
    plan.form = form_option(invocation);
    plan.door = door_of(command, config);
    const bool udp = config.udp.enabled && rules.carriers.contains(Carrier::udp);
    plan.carriers.udp_port = udp ? std::optional(config.udp.ports.front()) : std::nullopt;
    plan.carriers.icmp = config.icmp.enabled && rules.carriers.contains(Carrier::icmp);
    const bool dns = config.dns.enabled && !config.dns.zones.empty() && rules.carriers.contains(Carrier::dns);
    if (!dns) return plan;
    const bool needs_address = uses_address(command);
    const bool free_form = invocation.has("token") && !invocation.has("form");
    if (free_form && needs_address && rules.address == AddressRule::named) plan.form = TextForm::base32;
    plan.carriers.dns_confirms = config.dns.answer && config.dns.confirm;
    plan_dns(plan, config.dns.zones.front().text(), needs_address, rules.address);
    return plan;
}

SecretText sheet_of(const SheetPlan& plan, const Enrolment& enrolment, std::vector<NumberedKnock> knocks) {
    SheetContents contents;
    contents.command = plan.command;
    contents.host = plan.host;
    contents.algorithm = enrolment.algorithm;
    contents.seed = enrolment.seed;
    contents.check_words = check_words(enrolment);
    contents.form = plan.form;
    contents.carriers = plan.carriers;
    contents.door = plan.door;
    contents.knocks = std::move(knocks);
    return render_text(contents);
}

std::string knockgen_line(const SheetPlan& plan, const Enrolment& enrolment) {
    const SheetCarriers& carriers = plan.carriers;
    const SheetCarriers usual;
    std::string line = fmt::format(
        "knockgen sheet --seed {} --algorithm {} --length {} --host {} --command {}", enrolment.seed,
        otk::name_of(enrolment.algorithm), enrolment.length, plan.host, plan.command);
    if (plan.form != TextForm::hex) line += fmt::format(" --form {}", name_of(plan.form));
    if (carriers.udp_port != usual.udp_port) {
        line += fmt::format(" --udp-port {}", carriers.udp_port.value_or(std::uint16_t{0}));
    }
    if (!carriers.icmp) line += " --no-ping";
    if (!carriers.zone.empty()) {
        line +=
            fmt::format(" --zone {}{}{}", carriers.zone, carriers.dns_names_address ? " --names-address" : "",
                        carriers.dns_confirms ? " --confirm" : "");
    }
    if (plan.door) line += door_options(*plan.door);
    return line + " --output sheet.txt";
}

} // namespace otk::knockmgr
