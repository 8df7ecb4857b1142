// One transaction of the ledger together with what memory says of the same chains and values. Either both
// have changed in the end, or both are as they were.
#pragma once

#include "knockd/messages.h"
#include "knockd/validate/book.h"
#include "knockd/validate/memory.h"
#include "store/ledger.h"

#include <vector>

namespace otk {

class Batch {
  public:
    // All of them outlive it.
    Batch(Book& book, Memory& memory, Ledger& ledger, const PolicyStore& policy) :
        book_(book), memory_(memory), ledger_(ledger), policy_(policy) {}

    // A new batch. The ledger's transaction is opened by the first row, because many hits write nothing.
    void begin();
    // From the first row on the ledger's other functions may be called too. They all throw Error when the
    // ledger cannot be written: then roll_back().
    Head append(Row& row);
    // Moves the chain `steps` knocks on, to `image`; and with it those that have met it, so that none of them
    // accepts before an administrator has parted them. `chain` is the id of the entry's, in full; `last_used`
    // is what the chain has from now on.
    void advance(const Entry& entry, const ChainId& chain, Count steps, const Value& image, Time last_used);
    // The value is not valid any more, and neither are those it jumped over.
    void remember(const Known& known, Count jumped);
    // A known value is about to be changed in place.
    void will_change(const Known& known) { known_before_.push_back(known); }

    [[nodiscard]] bool has_rows() const { return writing_; }
    void commit(); // throws Error; nothing to do when no row was appended
    void roll_back();

    // For capture, once; after a commit all of it, after roll_back() only what was forgotten to make room.
    [[nodiscard]] std::vector<message::WatchEntry> take_watches();

  private:
    void advance_one(const Entry& found, const ChainId& chain, Count steps, const Value& image,
                     Time last_used);

    Book& book_;
    Memory& memory_;
    Ledger& ledger_;
    const PolicyStore& policy_;
    bool writing_ = false;
    std::vector<message::WatchEntry> watches_;
    std::vector<Entry> entries_before_;
    std::vector<Known> known_before_;
    std::vector<Known> remembered_;
};

} // namespace otk
