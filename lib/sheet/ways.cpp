#include "sheet/ways.h"

#include "base/text.h"
#include "otp/door_port.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace otk {
namespace {

constexpr std::size_t longest_name = 253; // of DNS, RFC 1035 section 2.3.4, without the final dot
constexpr std::size_t widest_line = 76;   // what 80 columns leave beside the margin

bool usable(std::string_view text, std::string_view punctuation) {
    if (text.empty() || text.size() > longest_name || text.front() == '-') return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return is_alphanumeric(c) || punctuation.find(c) != std::string_view::npos;
    });
}

void add_dns(std::vector<Way>& ways, const SheetContents& contents) {
    const std::string name = dns_name(contents);
    const char* const note =
        contents.carriers.dns_names_address ? ", for A-B-C-D your public address, as in 203-0-113-9" : "";
    ways.push_back({fmt::format("dig (Linux, macOS){}", note), {"dig +short " + name}});
    ways.push_back({"nslookup (Windows; mind the final dot)", {"nslookup " + name + "."}});
    // Browsers and telephones take only what could be the name of a host, and there `_` is not allowed.
    if (contents.form != TextForm::words) ways.push_back({"any browser", {"http://" + name + "/"}});
}

void add_udp(std::vector<Way>& ways, const SheetContents& contents, const std::string& value,
             std::uint16_t port) {
    const std::string say = fmt::format("echo {} |", value);
    const std::string send = fmt::format("nc -u -w1 {} {}", contents.host, port);
    // A shell goes on reading after a final `|`, so a long line may be broken there and typed as it stands.
    const bool fits = say.size() + 1 + send.size() <= widest_line;
    ways.push_back({"nc (Linux, macOS)", fits ? std::vector{say + ' ' + send} : std::vector{say, send}});
    // Three short lines and not a long one: only the second changes from knock to knock. With the semicolons
    // they may as well be typed in one.
    ways.push_back({"PowerShell (Windows)",
                    {fmt::format("$u=[Net.Sockets.UdpClient]::new('{}',{});", contents.host, port),
                     fmt::format("$v='{}';", value), "$u.Send([byte[]][char[]]$v,$v.Length)"}});
}

void add_door(std::vector<Way>& ways, const SheetContents& contents, const SheetDoor& door) {
    const std::string how_long =
        door.hold.count() == 0 ? "" : fmt::format(" for {}", format_duration(door.hold));
    const bool own_port = door.port == 0;
    const std::uint16_t port = own_port ? door_port(contents.knocks.front().value, door.ports) : door.port;
    const std::string which = fmt::format("port {} is open{}{}", port, how_long,
                                          own_port ? " (if it was taken, one of the next eight)" : "");
    if (door.ssh) {
        const std::string number = port == 22 ? "" : fmt::format("-p {} ", port);
        ways.push_back({which, {fmt::format("ssh {}{}", number, contents.host)}});
    } else {
        ways.push_back(
            {which,
             {fmt::format("connect to {}, port {}/{}", contents.host, port, door.udp ? "udp" : "tcp")}});
    }
}

} // namespace

bool usable_host(std::string_view host) { return usable(host, ".-_:%"); }

bool usable_zone(std::string_view zone) {
    // A final dot is for the caller to drop: the sheet adds one where a tool needs it.
    return usable(zone, ".-_") && zone.front() != '.' && zone.back() != '.' &&
           zone.find("..") == std::string_view::npos;
}

bool has_dns_lines(const SheetContents& contents) {
    const SheetCarriers& carriers = contents.carriers;
    // Behind hex digits or words an address could not be told from the value.
    return !carriers.zone.empty() && (!carriers.dns_names_address || contents.form == TextForm::base32);
}

std::string dns_name(const SheetContents& contents) {
    // The user's own address goes where the capital letters stand.
    const char* const address = contents.carriers.dns_names_address ? "-A-B-C-D" : "";
    return fmt::format("{}{}.{}", format_compact(contents.knocks.front().value, contents.form), address,
                       contents.carriers.zone);
}

std::vector<Way> ways_to_send(const SheetContents& contents) {
    const SheetCarriers& carriers = contents.carriers;
    const std::string value = format_compact(contents.knocks.front().value, contents.form);
    std::vector<Way> ways;
    if (carriers.icmp && contents.form == TextForm::hex) {
        ways.push_back(
            {"ping (Linux, macOS, BSD)", {fmt::format("ping -c1 -p {} {}", value, contents.host)}});
    }
    if (has_dns_lines(contents)) add_dns(ways, contents);
    if (carriers.udp_port) add_udp(ways, contents, value, *carriers.udp_port);
    return ways;
}

std::vector<Way> ways_after(const SheetContents& contents) {
    std::vector<Way> ways;
    if (contents.door) add_door(ways, contents, *contents.door);
    if (contents.carriers.dns_confirms && has_dns_lines(contents)) {
        ways.push_back({"what became of it, asked within a minute: \"open 22 50s\", \"refused expired\"",
                        {"dig +short TXT " + dns_name(contents)}});
    }
    return ways;
}

} // namespace otk
