#include "knockgen/sheet_door.h"

#include "base/text.h"

#include <fmt/format.h>

namespace otk {
namespace {

constexpr std::uint16_t ssh_port = 22; // IANA's

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto port = parse_decimal(text, 65535);
    if (!port || *port == 0) return std::nullopt;
    return static_cast<std::uint16_t>(*port);
}

// "22/tcp", "51820/udp"
SheetDoor open_door(std::string_view text) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    const auto port = parse_port(text.substr(0, slash));
    const std::string_view protocol = text.substr(std::min(slash + 1, text.size()));
    if (!port || (protocol != "tcp" && protocol != "udp")) {
        throw UsageError(fmt::format("--open \"{}\" should be a port from 1 to 65535 and its protocol, as in "
                                     "22/tcp or 51820/udp",
                                     printable(text)));
    }
    SheetDoor door;
    door.port = *port;
    door.udp = protocol == "udp";
    door.ssh = door.port == ssh_port && !door.udp;
    return door;
}

SheetDoor door_of_knocks(std::string_view text) {
    const std::size_t dash = std::min(text.find('-'), text.size());
    const auto low = parse_port(text.substr(0, dash));
    const auto high = parse_port(text.substr(std::min(dash + 1, text.size())));
    if (!low || !high || *low > *high) {
        throw UsageError(fmt::format("--ports \"{}\" should be the ports of the server's [forward] ports, as "
                                     "in 61000-65534",
                                     printable(text)));
    }
    SheetDoor door;
    door.ports = {*low, *high};
    return door;
}

} // namespace

std::optional<SheetDoor> chosen_door(const Arguments& arguments) {
    const auto open = arguments.text("open");
    const auto ports = arguments.text("ports");
    if (open && ports) {
        throw UsageError(
            "--open is one port for all knocks and --ports is one for each; say only one of them");
    }
    if (!open && !ports) {
        for (const std::string_view option : {"ssh", "hold"}) {
            if (arguments.has(option))
                throw UsageError(fmt::format("--{} is about a port that a knock opens; say with --open or "
                                             "--ports which",
                                             option));
        }
        return std::nullopt;
    }
    SheetDoor door = open ? open_door(*open) : door_of_knocks(*ports);
    if (arguments.has("ssh")) {
        if (door.udp) throw UsageError("--ssh goes by tcp, and --open is a udp port");
        door.ssh = true;
    }
    if (const auto text = arguments.text("hold")) {
        const auto hold = parse_duration(*text);
        if (!hold)
            throw UsageError(fmt::format("--hold \"{}\" should be a time, as in 60s", printable(*text)));
        door.hold = *hold;
    }
    return door;
}

} // namespace otk
