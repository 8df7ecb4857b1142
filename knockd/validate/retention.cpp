#include "knockd/validate/retention.h"

#include <optional>

namespace otk {

namespace {

// Whole seconds first: "for a thousand years" does not fit into nanoseconds.
std::optional<Time> border(Time now, std::chrono::seconds keep) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
    if (keep <= std::chrono::seconds{0} || keep >= age) return std::nullopt;
    return now - keep;
}

} // namespace

bool Retention::work(Time now) {
    const auto outputs_before = border(now, output_keep_);
    const auto rows_before = border(now, keep_);
    if (!outputs_before && !rows_before) return false;
    bool more = false;
    ledger_.begin(); // what throws from here on has rolled back
    if (outputs_before) more = ledger_.prune_output(*outputs_before, largest_batch) == largest_batch;
    if (rows_before) more = ledger_.prune(*rows_before, largest_batch) == largest_batch || more;
    ledger_.commit();
    return more;
}

} // namespace otk
