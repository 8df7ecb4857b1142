// knockgen send: one knock, signed where the server wants it, on its way.
#include "knockgen/commands.h"
#include "knockgen/next_number.h"
#include "knockgen/secret.h"
#include "knockgen/send/addressing.h"
#include "knockgen/send/delivery.h"
#include "knockgen/send/message.h"
#include "knockgen/send/report.h"
#include "sys/raw_capability.h"

#include <memory>

namespace otk {
namespace {

std::unique_ptr<PacketCarrier> open_carrier(const SendOptions& options) {
    switch (options.carrier) {
    case Carrier::udp: return udp_carrier(options.profile().udp_port);
    case Carrier::icmp: return echo_carrier();
    case Carrier::dns: return nullptr;
    }
    return nullptr;
}

// A resolver finds the server by its zone: the profile's host need not be known to find it by then, only to
// say our address towards it, or to watch a port.
std::vector<Target> targets_of(const SendOptions& options) {
    const bool needed =
        options.carrier != Carrier::dns || options.resolver == Resolver::direct || options.wait;
    if (!needed && !needs_own_address(options)) return {};
    std::vector<Target> targets = resolve(options.profile().host);
    warn_of_loopback(options.profile().host, targets);
    return targets;
}

} // namespace

void run_send(const Arguments& arguments) {
    const SendOptions options = send_options(arguments);
    if (options.carrier == Carrier::dns) (void)check_name_fits(options);
    Plan plan{options, open_carrier(options), {}};
    drop_raw_capability();
    plan.addressed = addressed(options, targets_of(options));

    if (options.dry_run) return report_dry_run(plan, number_to_take(options.named, options.wanted));
    const ProfileSecret secret = secret_of(arguments, options.named);
    const Taken taken = take_number(options.named, options.wanted, secret.key_file);
    report(plan, taken, deliver(plan, secret.chain, taken.number));
}

} // namespace otk
