// Old rows and outputs go, as [ledger] keep and output_keep say (DESIGN 8), in small batches between other
// work: a knock never waits for more than one of them.
#pragma once

#include "base/clock.h"
#include "store/ledger.h"

#include <chrono>

namespace otk {

class Retention {
  public:
    // 0: for ever. The ledger outlives it.
    Retention(Ledger& ledger, std::chrono::seconds keep, std::chrono::seconds output_keep) :
        ledger_(ledger), keep_(keep), output_keep_(output_keep) {}

    static constexpr std::size_t largest_batch = 1000; // rows, and as many outputs

    // One batch, its own durable transaction. True when more may be left. Throws Error when the ledger cannot
    // be written: then nothing of the batch is gone.
    [[nodiscard]] bool work(Time now);

  private:
    Ledger& ledger_;
    std::chrono::seconds keep_;
    std::chrono::seconds output_keep_;
};

} // namespace otk
