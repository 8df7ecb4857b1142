// Doors and holds that are over, on the way from the monitor into the ledger: a Release, then one row, then
// Released (DESIGN 9).
#pragma once

#include "base/clock.h"
#include "knockd/messages.h"
#include "store/ledger.h"

#include <vector>

namespace otk {

class Releases {
  public:
    // One that no monitor of ours sends is a broken promise.
    void take(const message::Release& release);

    // Does all that wait, in their order, as one durable transaction: each hold goes, and a row `closed` or
    // `undo` of it comes. Returns what to answer: one for each, except for those that a knock has prolonged.
    // A hold that is gone is answered without a row, so that asking twice does nothing twice. When the ledger
    // cannot be written they stay for the next call, and Error says why.
    [[nodiscard]] std::vector<message::Released> store(Ledger& ledger, Time now);

  private:
    std::vector<message::Release> waiting_;
};

} // namespace otk
