#include "knockgen/send/options.h"

#include "base/text.h"
#include "knockgen/profile_text.h"
#include "net/request_shape.h"
#include "request/signed_knock.h"

#include <array>

#include <fmt/format.h>

namespace otk {
namespace {

bool takes(const Profile& profile, Carrier carrier) {
    switch (carrier) {
    case Carrier::udp: return profile.udp_port != 0;
    case Carrier::icmp: return profile.icmp;
    case Carrier::dns: return !profile.zone.empty();
    }
    return false;
}

Carrier chosen_carrier(const Arguments& arguments, const NamedProfile& named) {
    constexpr std::array in_order{Carrier::udp, Carrier::icmp, Carrier::dns};
    const auto wanted = arguments.text("via");
    for (const Carrier carrier : in_order) {
        if (wanted && *wanted != name_of(carrier)) continue;
        if (takes(named.profile, carrier)) return carrier;
        if (wanted) {
            throw Error(fmt::format("the server takes no knock of profile {} by {}; it takes {}", named.name,
                                    *wanted, carriers_of(named.profile)));
        }
    }
    if (wanted)
        throw UsageError(fmt::format("--via \"{}\": there are udp, icmp and dns", printable(*wanted)));
    throw Error(fmt::format("profile {} names no way to send plain or signed knocks; knockgen dynamic {} may "
                            "be what you look for",
                            named.name, named.name));
}

// Sets plain, no_clock and argument.
void choose_form(SendOptions& options, const Arguments& arguments) {
    const Profile& profile = options.profile();
    const bool wants_plain = arguments.has("plain");
    if (wants_plain && !profile.plain) {
        throw Error(fmt::format("profile {} takes signed knocks only, so --plain would be refused; leave it "
                                "out, or ask your administrator for knockmgr grant set --plain",
                                options.named.name));
    }
    options.plain = wants_plain || !profile.has_key;
    options.no_clock = arguments.has("no-clock");
    options.argument = arguments.text("argument").value_or("");
    if (options.plain && (options.no_clock || arguments.has("argument"))) {
        throw UsageError(fmt::format("--{} is about signed knocks, and this one is a bare value{}",
                                     options.no_clock ? "no-clock" : "argument",
                                     wants_plain ? "" : ": the server knows no public key for it"));
    }
    if (arguments.has("argument") && !profile.argument)
        throw Error(
            fmt::format("the command {} takes no argument, and would refuse the knock", profile.command));
    if (!arguments.has("argument") && profile.argument && !options.plain)
        throw UsageError("the command takes an argument: say --argument TEXT, or --argument '' for none");
    if (!valid_argument(options.argument)) {
        throw UsageError(fmt::format("--argument should be text (UTF-8) of at most {} bytes without control "
                                     "characters",
                                     longest_argument));
    }
}

void choose_address(SendOptions& options, const Arguments& arguments) {
    const auto text = arguments.text("address").value_or("auto");
    if (text == "auto") return;
    if (text == "source") {
        options.address_choice = AddressChoice::source;
        return;
    }
    const auto address = Address::parse(text);
    if (!address || !address->usable()) {
        throw UsageError(
            fmt::format("--address \"{}\" should be auto, source, or an address at which somebody "
                        "can be reached, as in 203.0.113.9 or 2001:db8::9",
                        printable(text)));
    }
    if (!options.profile().uses_address) {
        throw Error(
            "this right takes no named address: its command acts on none, or on where the packet comes "
            "from, and one that is named would be refused; leave --address out");
    }
    options.address_choice = AddressChoice::given;
    options.address = *address;
}

void choose_resolver(SendOptions& options, const Arguments& arguments) {
    const auto text = arguments.text("resolver");
    if (!text) return;
    if (options.carrier != Carrier::dns) throw UsageError("--resolver is about dns; say --via dns, too");
    if (*text == "direct") {
        options.resolver = Resolver::direct;
        return;
    }
    const auto address = Address::parse(*text);
    if (!address) {
        throw UsageError(
            fmt::format("--resolver \"{}\" should be the address of a name server, or direct for "
                        "the server itself",
                        printable(*text)));
    }
    options.resolver = Resolver::given;
    options.resolver_address = *address;
}

void choose_waiting(SendOptions& options, const Arguments& arguments) {
    const auto text = arguments.text("wait");
    if (!text) return;
    options.wait = true;
    if (!text->empty()) {
        const auto port = parse_decimal(*text, 65535);
        if (!port || *port == 0)
            throw UsageError(fmt::format("--wait=\"{}\" should be a port from 1 to 65535", printable(*text)));
        options.wait_port = static_cast<std::uint16_t>(*port);
        return;
    }
    const Profile& profile = options.profile();
    const auto service = parse_service(profile.opens);
    if (service && service->protocol == Protocol::tcp) {
        options.wait_port = service->port;
    } else if (service) {
        throw UsageError(fmt::format("--wait tries to connect by tcp, and this knock opens {}; leave it out",
                                     profile.opens));
    } else if (profile.ports.empty()) {
        throw UsageError("--wait: the profile does not say which port this knock opens; say --wait=PORT");
    }
}

} // namespace

SendOptions send_options(const Arguments& arguments) {
    if (arguments.operands().size() != 1)
        throw UsageError(
            "say which profile: knockgen send NAME; knockgen profile list shows those there are");
    SendOptions options;
    options.wanted = wanted_knock(arguments);
    options.again = arguments.said_again({"number", "skip", "json"});
    options.again_any_way = arguments.said_again({"number", "skip", "json", "via", "resolver"});
    options.copies = arguments.number("copies", 1, 10).value_or(options.copies);
    options.dry_run = arguments.has("dry-run");
    options.json = arguments.has("json");
    options.named = find_profile(arguments.operands().front());
    options.carrier = chosen_carrier(arguments, options.named);
    choose_form(options, arguments);
    choose_address(options, arguments);
    choose_resolver(options, arguments);
    choose_waiting(options, arguments);
    return options;
}

} // namespace otk
