#include "knockd/monitor/contract.h"

namespace otk {

namespace {

bool from_a_packet(Carrier carrier, const Address& source, const Address& named) {
    const bool known_carrier = carrier == Carrier::udp || carrier == Carrier::icmp || carrier == Carrier::dns;
    return known_carrier && source.well_formed() && named.well_formed();
}

} // namespace

bool well_formed(const message::Act& act) {
    return act.ask_only == 1 || (act.ask_only == 0 && from_a_packet(act.carrier, act.source, act.named));
}

bool well_formed(const message::Report& report) {
    using What = message::Report::What;
    return from_a_packet(report.carrier, report.source, report.named) && report.other_source.well_formed() &&
           report.other_named.well_formed() && report.what >= What::refused &&
           report.what <= What::same_image && known(report.refusal);
}

bool well_formed(const message::ValidateReady& ready) {
    return ready.acceptance >= message::Acceptance::open &&
           ready.acceptance <= message::Acceptance::locked_ledger;
}

} // namespace otk
