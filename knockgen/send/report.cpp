#include "knockgen/send/report.h"

#include "base/standard_streams.h"
#include "base/text.h"
#include "knockgen/output.h"
#include "knockgen/profile_text.h"
#include "knockgen/send/message.h"

#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace otk {
namespace {

using Json = nlohmann::ordered_json;

void print(const std::string& text) {
    Output output;
    output.add(text);
    output.finish();
}

std::string listed(const std::vector<Address>& addresses) {
    std::string text;
    for (const Address& each : addresses)
        text += (text.empty() ? "" : ", ") + each.text();
    return text;
}

std::string way_of(const SendOptions& options) {
    if (options.carrier != Carrier::dns) return std::string(name_of(options.carrier));
    switch (options.resolver) {
    case Resolver::system: return "dns, through the system's resolver";
    case Resolver::direct: return "dns, straight to the server";
    case Resolver::given: return fmt::format("dns, through {}", options.resolver_address.text());
    }
    return "dns";
}

std::string times(unsigned count) { return count == 1 ? "once" : fmt::format("{} times", count); }

std::string again(const SendOptions& options, Count number) {
    return fmt::format("knockgen send {} --number {}{}", options.named.name, number, options.again);
}

// Another way than the one that was taken, if the server takes one.
std::string other_way(const SendOptions& options) {
    const Profile& profile = options.profile();
    if (options.carrier != Carrier::udp && profile.udp_port != 0) return " --via udp";
    if (options.carrier != Carrier::icmp && profile.icmp) return " --via icmp";
    if (options.carrier != Carrier::dns && !profile.zone.empty()) return " --via dns";
    return {};
}

// The same by another way, where the server takes one.
std::string again_elsewhere(const SendOptions& options, Count number) {
    const std::string way = other_way(options);
    if (way.empty()) return again(options, number);
    return fmt::format("knockgen send {} --number {}{}{}", options.named.name, number, options.again_any_way,
                       way);
}

// The server tells over dns what became of a knock that it took, and has told nothing.
bool left_unsaid(const Outcome& outcome, const SendOptions& options) {
    return options.carrier == Carrier::dns && options.profile().confirms && outcome.left &&
           outcome.confirmation.empty();
}

void warn(const Outcome& outcome, const Taken& taken, const SendOptions& options) {
    for (const std::string& trouble : outcome.troubles)
        tell("knockgen: warning: {}\n", trouble);
    if (left_unsaid(outcome, options) && !outcome.waited_in_vain()) {
        tell("knockgen: warning: the server has not said what became of knock {}, as it does of one that "
             "it takes; is the clock of this machine right? And {}\n",
             taken.number, when_numbers_differ(options.named, taken.number));
    }
    if (taken.left == 0) {
        tell("knockgen: warning: this was the last knock of profile {}; ask your administrator "
             "to renew it with a new token (knockgen token)\n",
             options.named.name);
    } else if (taken.left <= few_knocks) {
        tell("knockgen: warning: only {} knocks of profile {} are left; ask your administrator to "
             "renew it with a new token (knockgen token)\n",
             taken.left, options.named.name);
    }
}

bool refused(const Outcome& outcome) {
    return outcome.confirmation.starts_with("refused") || outcome.confirmation.starts_with("failed");
}

Json json_of(const Plan& plan, const Taken& taken) {
    const SendOptions& options = plan.options;
    Json object{{"profile", options.named.name},
                {"host", options.profile().host},
                {"command", options.profile().command},
                {"number", taken.number},
                {"left", taken.left},
                {"carrier", name_of(options.carrier)},
                {"signed", !options.plain}};
    Json& ways = object["to"] = Json::array();
    for (const Addressed& each : plan.addressed) {
        Json way{{"address", each.target.address.text()}};
        if (!each.named.empty()) way["names"] = each.named.text();
        ways.push_back(std::move(way));
    }
    return object;
}

void print_json(const Plan& plan, const Taken& taken, const Outcome& outcome) {
    Json object = json_of(plan, taken);
    object["sent"] = outcome.left;
    object["copies"] = outcome.copies;
    if (!outcome.troubles.empty()) object["troubles"] = outcome.troubles;
    if (!outcome.confirmation.empty()) object["confirmation"] = outcome.confirmation;
    if (outcome.forward_port) object["forward_port"] = *outcome.forward_port;
    if (outcome.port) {
        object["port"] = *outcome.port;
        object["open"] = outcome.open_at.has_value();
        object["open_before"] = outcome.open_before;
    }
    tell_done(object.dump(2) + '\n');
}

std::string open_text(const Outcome& outcome) {
    if (!outcome.open_at) return {};
    const std::string where = fmt::format("port {} at {}", *outcome.port, outcome.open_at->text());
    if (!outcome.open_before) return fmt::format("open: {} answers\n", where);
    const std::string_view remark =
        outcome.confirmation.empty() ? "; this does not show that the knock was accepted" : "";
    return fmt::format("open already before the knock: {} answered{}\n", where, remark);
}

void print_text(const Plan& plan, const Taken& taken, const Outcome& outcome) {
    const SendOptions& options = plan.options;
    const std::string where = outcome.sent_to.empty() ? "" : fmt::format(" ({})", listed(outcome.sent_to));
    std::string text = fmt::format("knock {} went to {}{} by {}, {}; {} left\n", taken.number,
                                   printable(options.profile().host), where, way_of(options),
                                   times(outcome.copies), taken.left);
    if (!outcome.confirmation.empty()) text += fmt::format("the server says: {}\n", outcome.confirmation);
    text += open_text(outcome);
    if (outcome.forward_port && !outcome.port && outcome.confirmation.empty()) {
        text += fmt::format("the way in is port {}, or one of the next eight where it is taken\n",
                            *outcome.forward_port);
    }
    const bool nothing_known = outcome.confirmation.empty() && (!outcome.port || outcome.open_before);
    if (nothing_known) text += fmt::format("should nothing happen: {}\n", again(options, taken.number));
    tell_done(text);
}

Error not_open(const Plan& plan, const Taken& taken, const Outcome& outcome) {
    const SendOptions& options = plan.options;
    const bool may_have_moved = !options.profile().ports.empty() && outcome.confirmation.empty();
    return Error(fmt::format(
        "port {} did not answer within 10 s{}. Send the same number again{}: {}; is the clock of this "
        "machine right? Three times by two ways and still nothing: take the next number, or ask your "
        "administrator; "
        "{}",
        *outcome.port,
        may_have_moved ? fmt::format(" (where it was taken, the server opened one of the next eight)") : "",
        other_way(options).empty() ? "" : ", by another way", again_elsewhere(options, taken.number),
        when_numbers_differ(options.named, taken.number)));
}

} // namespace

void report(const Plan& plan, const Taken& taken, const Outcome& outcome) {
    const SendOptions& options = plan.options;
    warn(outcome, taken, options);
    if (options.json) print_json(plan, taken, outcome);
    if (!outcome.left) {
        throw Error(fmt::format("knock {} could not be sent and is still good; when the network is there: {}",
                                taken.number, again(options, taken.number)));
    }
    if (!options.json) print_text(plan, taken, outcome);
    if (refused(outcome)) {
        throw Error(
            fmt::format("the server says \"{}\", and knock {} is spent; your administrator can see why",
                        outcome.confirmation, taken.number));
    }
    if (outcome.waited_in_vain()) throw not_open(plan, taken, outcome);
}

void report_dry_run(const Plan& plan, const Taken& taken) {
    const SendOptions& options = plan.options;
    if (options.json) {
        Json object = json_of(plan, taken);
        object["dry_run"] = true;
        return print(object.dump(2) + '\n');
    }
    std::string text =
        fmt::format("would send knock {} for {} to {} by {}, {}, {}\n", taken.number,
                    printable(options.profile().command), printable(options.profile().host), way_of(options),
                    options.plain ? "the bare value" : "signed", times(options.copies));
    for (const Addressed& each : plan.addressed) {
        text += fmt::format("  to {}, naming {}\n", each.target.address.text(),
                            each.named.empty() ? "no address" : each.named.text());
    }
    print(text + "nothing was sent, and no number was taken\n");
}

} // namespace otk
