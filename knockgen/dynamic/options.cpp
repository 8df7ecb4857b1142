#include "knockgen/dynamic/options.h"

#include "base/text.h"
#include "knockgen/dynamic/command_words.h"
#include "request/dynamic.h"

#include <fmt/format.h>

namespace otk {
namespace {

// The server takes a repeated request for the same one within a minute only.
constexpr std::chrono::seconds longest_timeout{60};

void choose_address(DynamicOptions& options, const Arguments& arguments) {
    const auto text = arguments.text("address").value_or("auto");
    // What knockmgr says of a right whose rule takes no named address, too.
    const bool names_none = !options.profile().uses_address;
    options.choose_address = text == "auto" && !names_none;
    if (text == "auto" || text == "source") return;
    const auto address = Address::parse(text);
    if (!address || !address->usable()) {
        throw UsageError(
            fmt::format("--address \"{}\" should be auto, source, or the address that the server "
                        "sees you at, as in 203.0.113.9 or 2001:db8::9",
                        printable(text)));
    }
    if (names_none) {
        throw Error("this right takes no named address, and would refuse the request; leave --address out");
    }
    options.address = *address;
}

void choose_sequence(DynamicOptions& options, const Arguments& arguments) {
    const auto isn = arguments.text("isn");
    if (isn && *isn != "ignore") {
        throw UsageError(fmt::format(
            "--isn \"{}\" should be ignore; leave it out where sequence numbers count", printable(*isn)));
    }
    options.ignore_sequence = isn || options.profile().ignores_sequence;
}

void choose_timeout(DynamicOptions& options, const Arguments& arguments) {
    const auto text = arguments.text("timeout");
    if (!text) return;
    const auto timeout = parse_duration(*text);
    if (!timeout || *timeout > longest_timeout) {
        throw UsageError(fmt::format("--timeout \"{}\" should be from 1s to {}s", printable(*text),
                                     longest_timeout.count()));
    }
    options.timeout = *timeout;
}

// By an exchange that goes nowhere, before a knock is taken for one that cannot be made.
bool usable(const ExchangeKey& server) {
    return ServerKey::generate(system_random).share_with(server).has_value();
}

void demand_dynamic(const NamedProfile& named) {
    const Profile& profile = named.profile;
    if (!profile.has_key) {
        throw Error(fmt::format("the server knows no public key for profile {}, so it cannot tell who asks; "
                                "enrol again with a token of knockgen token, whose last part is the key",
                                named.name));
    }
    if (profile.dynamic_port == 0 || !profile.server_key || profile.ports.empty()) {
        throw Error(
            fmt::format("profile {} is not for dynamic mode: that takes a command that forwards a port, "
                        "and [dynamic] enabled = true on the server; where both are so now, ask your "
                        "administrator for `knockmgr grant profile` and add that line with --replace",
                        named.name));
    }
    if (!usable(*profile.server_key)) {
        throw Error(fmt::format("the server's public key in profile {} is none; ask your administrator for "
                                "`knockmgr grant profile` and add that line with --replace",
                                named.name));
    }
}

} // namespace

DynamicOptions dynamic_options(const Arguments& arguments) {
    if (arguments.operands().size() != 1)
        throw UsageError(
            "say which profile: knockgen dynamic NAME; knockgen profile list shows those there are");
    DynamicOptions options;
    options.json = arguments.has("json");
    if (const auto program = arguments.text("exec")) options.program = parse_command(*program);
    if (options.json && !options.program.empty())
        throw UsageError("--exec starts a program and --json prints the door; say one of them");
    choose_timeout(options, arguments);
    options.wanted = wanted_knock(arguments);
    options.again = arguments.said_again({"number", "skip"});
    options.no_clock = arguments.has("no-clock");
    options.named = find_profile(arguments.operands().front());
    demand_dynamic(options.named);
    choose_address(options, arguments);
    choose_sequence(options, arguments);
    return options;
}

} // namespace otk
