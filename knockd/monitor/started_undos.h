// The undos that were started and whose end is not in the ledger yet, in root's own file (docs/FORMAT.md). An
// undo is never run twice; and one that was written down but not started, because everything was killed in
// between, is started after all.
#pragma once

#include "knockd/journal.h"
#include "store/ledger.h"

#include <filesystem>
#include <set>

namespace otk {

class StartedUndos {
  public:
    // Reads the file. Throws Error when it is there but cannot be read or understood.
    explicit StartedUndos(std::filesystem::path file);

    [[nodiscard]] bool contains(RowNumber undo) const { return started_.contains(undo); }
    // Just before it is started; durable. When it cannot be written the undo starts all the same, and the
    // journal says what that means: an open door is worse than one that is closed twice.
    void starts(RowNumber undo);
    void did_not_start(RowNumber undo); // no process could be had for it
    void stored(RowNumber undo);        // its end is in the ledger

  private:
    void write();

    std::filesystem::path file_;
    std::set<RowNumber> started_;
    Complaint trouble_{"knockd"};
};

} // namespace otk
