// The five steps of DESIGN 4, in their order and nothing out of it: find, recognise, spend, decide; acting
// comes after the commit and elsewhere. One call judges all hits that wait and makes one durable transaction
// of them.
#pragma once

#include "knockd/messages.h"
#include "knockd/validate/book.h"
#include "knockd/validate/memory.h"
#include "store/ledger.h"
#include "store/policy_store.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace otk {

// What a batch leads to; sent on only after its commit.
struct Outbox {
    std::vector<message::WatchEntry> watches;
    std::vector<message::Act> acts;
    std::vector<message::Report> reports;
    std::size_t lost = 0; // knocks that could not be spent; they stay valid
    std::string trouble;  // why, when some were lost
};

class Acceptance {
  public:
    // All of them outlive it. `report_duplicates`: for --read, where each knock found is told.
    Acceptance(Book& book, Memory& memory, Ledger& ledger, const PolicyStore& policy, unsigned window,
               bool report_duplicates);

    // `when` gives the time a hit is judged by. A ledger that cannot be written loses the batch: nothing of
    // it is spent, nothing acts, and everything is as it was before.
    [[nodiscard]] Outbox take(std::span<const message::Hit> hits,
                              const std::function<Time(const message::Hit&)>& when);

    [[nodiscard]] const message::ValidateCounters& counters() const { return counters_; }

  private:
    struct Match {
        const Entry* entry = nullptr;
        Count steps = 0;
    };
    [[nodiscard]] Match find(const message::Hit& hit) const;
    void take_one(const message::Hit& hit, Time now);
    void known_again(Known& known, const message::Hit& hit, Time now);
    void record_again(Known& known, RowKind kind, const message::Hit& hit, Time now);
    void spend(const Entry& entry, Count steps, const message::Hit& hit, Time now);
    void advance(const Entry& entry, Count steps, const Value& image);
    void remember(const Known& known);
    [[nodiscard]] Decision judge(const Entry& entry, const message::Hit& hit, Row& row) const;
    void write(Row& row, Head& head); // opens the transaction where that was not done yet
    void undo();

    Book& book_;
    Memory& memory_;
    Ledger& ledger_;
    const PolicyStore& policy_;
    unsigned window_;
    bool report_duplicates_;

    message::ValidateCounters counters_;

    // Of the batch at hand.
    Outbox out_;
    bool writing_ = false;
    std::vector<Entry> entries_before_;
    std::vector<Known> known_before_;
    std::vector<Known> remembered_;
};

} // namespace otk
