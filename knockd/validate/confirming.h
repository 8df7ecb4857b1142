// What a traveller learns when she repeats the name of her knock within a minute (DESIGN 4, "DNS is
// answered").
#pragma once

#include "knockd/messages.h"
#include "store/ledger.h"

#include <optional>

namespace otk {

// "refused outside hours".
[[nodiscard]] message::Confirm confirm_refusal(Algorithm algorithm, const Value& value, Refusal refusal);

// "done 0", "open 50123" and its deadline, "refused ...", "failed", for the knock of this row, which came by
// any carrier: it is the value that is asked about. Nothing where the row is no knock's, or where that knock
// is older than the minute for which anybody is answered.
[[nodiscard]] std::optional<message::Confirm> confirm_end(const message::Done& done, const Row& knock,
                                                          Time now);

// "closed", for the knock of a door that was closed, or whose time was over.
[[nodiscard]] std::optional<message::Confirm> confirm_closed(const Row& knock, Time now);

} // namespace otk
