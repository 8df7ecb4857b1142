// How commands ended, on the way from the monitor into the ledger: a Done, then its output in pieces, then
// one row.
#pragma once

#include "base/clock.h"
#include "knockd/messages.h"
#include "store/ledger.h"

#include <map>
#include <optional>
#include <vector>

namespace otk {

class Ends {
  public:
    // Pieces as they come. A piece that does not belong where it comes is a broken promise of the monitor.
    // `knock`: its row, where the caller has it already.
    void take(const message::Done& done, std::optional<Row> knock = std::nullopt);
    void take(const message::Output& output);

    // Writes all that are complete as one durable transaction and returns what to acknowledge. When the
    // ledger cannot be written they stay for the next call, and Error says why.
    [[nodiscard]] std::vector<message::Stored> store(Ledger& ledger, Time now);

    [[nodiscard]] std::size_t size() const { return ends_.size(); }

  private:
    struct End {
        message::Done done;
        std::optional<Row> knock;
        std::vector<std::uint8_t> output;
        [[nodiscard]] bool complete() const { return output.size() == done.output_size; }
    };
    [[nodiscard]] static message::Stored write(Ledger& ledger, const End& end, Time now);

    std::map<RowNumber, End> ends_; // by the row of the knock
};

} // namespace otk
