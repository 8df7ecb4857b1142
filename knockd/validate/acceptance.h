// The five steps of DESIGN 4, in their order and nothing out of it: find, recognise, spend, decide; acting
// comes after the commit and elsewhere. One call judges all hits that wait and makes one durable transaction
// of them.
#pragma once

#include "knockd/messages.h"
#include "knockd/validate/batch.h"
#include "knockd/validate/book.h"
#include "knockd/validate/known_grants.h"
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
    std::vector<message::Confirm> confirms; // of what was refused
    std::size_t lost = 0;                   // knocks that could not be spent; they stay valid
    std::string trouble;                    // why, when some were lost
};

class Acceptance {
  public:
    struct Settings {
        unsigned window = 10;           // 1 to largest_window
        PortRange forward_ports;        // for the doors of forward commands
        bool report_duplicates = false; // for --read, where each knock found is told
    };
    // All of them outlive it.
    Acceptance(Book& book, Memory& memory, Ledger& ledger, const PolicyStore& policy,
               const Settings& settings);

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
    [[nodiscard]] Decision judge(const Entry& entry, const GrantDetails& details, const message::Hit& hit,
                                 Time now) const;
    void accept(const Known& known, const Head& head, const GrantDetails& details, const Address& address,
                Time last_used, Time now);
    void refuse(const Known& known, const Head& head, Refusal refusal, const message::Hit& hit, Time now);

    Book& book_;
    Memory& memory_;
    Ledger& ledger_;
    KnownGrants grants_;
    Settings settings_;

    message::ValidateCounters counters_;

    // Of the batch at hand.
    Batch batch_;
    Outbox out_;
};

} // namespace otk
