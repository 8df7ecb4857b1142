// What a packet gives to the rows and reports that are made of it; for Acceptance only.
#pragma once

#include "knockd/messages.h"
#include "knockd/validate/memory.h"
#include "store/ledger.h"

namespace otk {

[[nodiscard]] inline Row row_of_packet(RowKind kind, const message::Hit& hit, Time now) {
    Row row;
    row.at = now;
    row.kind = kind;
    row.algorithm = hit.algorithm;
    row.value = hit.value;
    row.carrier = hit.carrier;
    row.source = hit.source;
    row.source_port = hit.source_port;
    row.named = hit.named;
    return row;
}

[[nodiscard]] inline message::Report report_of_packet(message::Report::What what, const message::Hit& hit,
                                                      Time now) {
    message::Report report;
    report.what = what;
    report.carrier = hit.carrier;
    report.source = hit.source;
    report.named = hit.named;
    report.at = to_nanoseconds(now);
    return report;
}

[[nodiscard]] inline Bytes bytes_of(const message::Request& request) {
    return Bytes(request.bytes).first(request.size);
}

} // namespace otk
