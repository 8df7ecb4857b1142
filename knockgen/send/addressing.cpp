#include "knockgen/send/addressing.h"

#include "base/standard_streams.h"

#include <fmt/format.h>

namespace otk {
namespace {

Error no_address(const std::string& reasons) {
    return Error(fmt::format(
        "the command acts on your address, and none can be named: {}. Nothing was sent. Say --address "
        "ADDRESS "
        "with your public one, which web pages that show \"your IP\" tell; or --address source, if your "
        "administrator says that the right has --address source",
        reasons));
}

} // namespace

bool needs_own_address(const SendOptions& options) {
    if (options.address_choice != AddressChoice::automatic || !options.profile().uses_address) return false;
    return !options.plain || options.carrier == Carrier::dns;
}

std::vector<Addressed> addressed(const SendOptions& options, const std::vector<Target>& targets) {
    const bool own = needs_own_address(options);
    std::vector<Addressed> result;
    std::string reasons;
    for (const Target& target : targets) {
        if (!own) {
            result.push_back({target, options.address}); // none unless it was given
            continue;
        }
        const OwnAddress found = own_address_for(target);
        if (found.address.empty())
            reasons += (reasons.empty() ? "" : "; ") + found.why;
        else
            result.push_back({target, found.address});
    }
    if (own && result.empty()) throw no_address(reasons);
    // A name of the DNS is the same for all.
    if (options.carrier == Carrier::dns) {
        for (Addressed& each : result)
            each.named = result.front().named;
    }
    if (!reasons.empty()) tell("knockgen: warning: not sent everywhere: {}\n", reasons);
    return result;
}

} // namespace otk
