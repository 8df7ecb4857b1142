// The monitor's mark (DESIGN 8): number and hash of the newest ledger row that it has acted on, in root's own
// file, which is in no backup. With it an old ledger that is put back, or a lost one, is noticed.
#pragma once

#include "knockd/journal.h"
#include "store/ledger.h"

#include <filesystem>
#include <optional>

namespace otk {

class Mark {
  public:
    // Reads the file. Throws Error when it is there but cannot be read or understood.
    explicit Mark(std::filesystem::path file);

    [[nodiscard]] const std::optional<Head>& head() const { return head_; }
    // A newer row; written by flush.
    void note(const Head& head);
    // Writes what was noted since the last time, durably, and says it in the journal: the anchor for
    // `knockmgr log --verify`. Called at most once a second. A full disk is told in the journal; the next
    // call tries again. So it does with an anchor that the journal had no room for, unless there is a newer
    // one, which covers it.
    void flush();

  private:
    void write();

    std::filesystem::path file_;
    std::optional<Head> head_;
    bool dirty_ = false;  // not written yet
    bool unsaid_ = false; // written, and its anchor is not in the journal yet
    Complaint trouble_{"knockd", Priority::error};
};

} // namespace otk
