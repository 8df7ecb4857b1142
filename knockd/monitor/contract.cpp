#include "knockd/monitor/contract.h"

#include "net/request_shape.h"

#include <algorithm>

namespace otk {

namespace {

bool known(Carrier carrier) {
    return carrier == Carrier::udp || carrier == Carrier::icmp || carrier == Carrier::dns;
}

bool from_a_packet(Carrier carrier, const Address& source, const Address& named) {
    return known(carrier) && source.well_formed() && named.well_formed();
}

// When the first Act of a dynamic request comes, and when it ends without a door, it has no hold.
bool fits_stage(const message::Act& act) {
    using Stage = message::Act::Stage;
    if (act.stage > Stage::not_held) return false;
    if (act.stage == Stage::at_once) return true;
    if (act.ask_only != 0 || act.carrier != Carrier::udp) return false;
    return (act.stage == Stage::arrived) == (act.hold > RowNumber{});
}

// For people to read.
template <std::size_t capacity>
bool printable_text(const message::Text<capacity>& text) {
    const std::string_view view = text.view();
    return view.size() < capacity &&
           std::all_of(view.begin(), view.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

} // namespace

bool well_formed(const message::Act& act) {
    if (!fits_stage(act)) return false;
    if (act.deadline < 0 || act.last_used < 0 || act.at < 0 || !known(act.carrier)) return false;
    if (act.ask_only > 1 || act.undo > 1 || act.hold < RowNumber{} || act.hold > act.row.row) return false;
    if (act.is_signed > 1 || !valid_argument(act.argument.view())) return false;
    if (act.ask_only == 1) return act.undo == 0 || (act.hold > RowNumber{} && act.address.well_formed());
    return act.undo == 0 && from_a_packet(act.carrier, act.source, act.named) && act.address.well_formed();
}

bool well_formed(const message::Held& held) {
    return held.row > RowNumber{} && held.deadline >= 0 && held.address.well_formed() &&
           known(held.carrier) && valid_argument(held.argument.view());
}

bool well_formed(const message::Released& released) {
    return released.hold > RowNumber{} && released.undo <= 1 &&
           (released.row.row == RowNumber{} ? released.undo == 0 : released.row.row > released.hold);
}

bool well_formed(const message::Report& report) {
    using What = message::Report::What;
    return from_a_packet(report.carrier, report.source, report.named) && report.other_source.well_formed() &&
           report.other_named.well_formed() && report.what >= What::refused &&
           report.what <= What::not_signed && known(report.refusal);
}

bool well_formed(const message::ValidateReady& ready) {
    return ready.acceptance >= message::Acceptance::open &&
           ready.acceptance <= message::Acceptance::unwritable_ledger;
}

bool well_formed(const message::CaptureReady& ready) {
    return printable_text(ready.trouble) && ready.trouble.view().empty() == (ready.not_answering == 0);
}

bool well_formed(const message::LastWord& word) { return printable_text(word.why); }

} // namespace otk
