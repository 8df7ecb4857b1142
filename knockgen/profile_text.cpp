#include "knockgen/profile_text.h"

#include "base/text.h"
#include "otp/token.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk {
namespace {

std::vector<std::string> carrier_names(const Profile& profile) {
    std::vector<std::string> names;
    if (profile.udp_port != 0) names.emplace_back(name_of(Carrier::udp));
    if (profile.icmp) names.emplace_back(name_of(Carrier::icmp));
    if (!profile.zone.empty()) names.emplace_back(name_of(Carrier::dns));
    return names;
}

std::string_view signing_of(const Profile& profile) {
    if (!profile.has_key) return "no: the server knows no public key, so the bare value is sent";
    return profile.plain ? "yes; bare values (--plain) are taken, too" : "yes, and nothing else is taken";
}

std::string opens(const Profile& profile) {
    if (!profile.opens.empty()) return "port " + profile.opens;
    if (!profile.ports.empty())
        return fmt::format("one of the ports {}, another one each time", profile.ports);
    return {};
}

std::string ways(const Profile& profile) {
    std::string ways = carriers_of(profile);
    if (profile.udp_port != 0) ways += fmt::format("; udp port {}", profile.udp_port);
    if (!profile.zone.empty()) ways += fmt::format("; dns zone {}", profile.zone);
    if (profile.dynamic_port != 0) ways += fmt::format("; dynamic mode at udp port {}", profile.dynamic_port);
    return ways;
}

} // namespace

std::string carriers_of(const Profile& profile) {
    return fmt::format("{}", fmt::join(carrier_names(profile), ", "));
}

std::string table_of(const std::vector<NamedProfile>& profiles) {
    if (profiles.empty()) return {};
    std::size_t name = 4;
    std::size_t host = 4;
    std::size_t command = 7;
    for (const NamedProfile& each : profiles) {
        name = std::max(name, each.name.size());
        host = std::max(host, each.profile.host.size());
        command = std::max(command, each.profile.command.size());
    }
    std::string table = fmt::format("{:{}}  {:{}}  {:{}}  {:>7}  WAYS\n", "NAME", name, "HOST", host,
                                    "COMMAND", command, "LEFT");
    for (const NamedProfile& each : profiles) {
        table += fmt::format("{:{}}  {:{}}  {:{}}  {:>7}  {}\n", each.name, name, each.profile.host, host,
                             each.profile.command, command, read_state(each).next, carriers_of(each.profile));
    }
    return table;
}

std::string description_of(const NamedProfile& named, const ChainState& state) {
    const Profile& profile = named.profile;
    std::string text;
    const auto line = [&](std::string_view what, std::string_view value) {
        if (!value.empty()) text += fmt::format("{:<12} {}\n", what, value);
    };
    line("Profile", named.name);
    line("Host", profile.host);
    line("Command", profile.command);
    line("Opens", opens(profile));
    line("Ways", ways(profile));
    line("Signed", signing_of(profile));
    if (profile.uses_address) line("Address", "needed (--address)");
    if (profile.argument) line("Argument", "taken (--argument)");
    line("Chain",
         fmt::format("{} of length {}, seed {}", name_of(profile.algorithm), profile.length, profile.seed));
    line("Check word", profile.check);
    line("Line's words", check_words_of(format_profile(profile)));
    line("Next knock", state.next == 0 ? "none is left" : fmt::format("{}", state.next));
    return text + "\n" + format_profile(profile) + "\n";
}

nlohmann::ordered_json json_of(const NamedProfile& named, const ChainState& state) {
    const Profile& profile = named.profile;
    nlohmann::ordered_json object{{"name", named.name},
                                  {"host", profile.host},
                                  {"command", profile.command},
                                  {"carriers", carrier_names(profile)},
                                  {"algorithm", name_of(profile.algorithm)},
                                  {"seed", profile.seed},
                                  {"length", profile.length},
                                  {"next", state.next},
                                  {"signed", profile.has_key},
                                  {"plain", profile.plain},
                                  {"dynamic", profile.dynamic_port != 0}};
    if (!profile.opens.empty()) object["opens"] = profile.opens;
    if (!profile.ports.empty()) object["ports"] = profile.ports;
    object["line"] = format_profile(profile);
    object["check_words"] = check_words_of(format_profile(profile));
    return object;
}

} // namespace otk
