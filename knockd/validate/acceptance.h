// The five steps of DESIGN 4, in their order and nothing out of it: find, recognise, spend, decide; acting
// comes after the commit and elsewhere. One call judges all hits that wait and makes one durable transaction
// of them. The signature under a knock is looked at between recognising and spending.
#pragma once

#include "knockd/messages.h"
#include "knockd/validate/accepted_request.h"
#include "knockd/validate/attempts.h"
#include "knockd/validate/batch.h"
#include "knockd/validate/book.h"
#include "knockd/validate/known_grants.h"
#include "knockd/validate/memory.h"
#include "knockd/validate/verifying.h"
#include "store/ledger.h"
#include "store/policy_store.h"

#include <chrono>
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
    std::vector<AcceptedRequest> requests;  // dynamic ones, of acts (Stage::waits) and of refused knocks
    std::size_t lost = 0;                   // knocks that could not be spent; they stay valid
    std::string trouble;                    // why, when some were lost
};

class Acceptance {
  public:
    struct Settings {
        unsigned window = 10;           // 1 to largest_window
        PortRange forward_ports;        // for the doors of forward commands
        bool report_duplicates = false; // for --read, where each knock found is told
        std::chrono::seconds clock_skew{60};
        ServerKeys* server_keys = nullptr; // outlive it; none without dynamic mode
    };
    // All of them outlive it.
    Acceptance(Book& book, Memory& memory, Ledger& ledger, const PolicyStore& policy,
               const Settings& settings);

    // `when` gives the time a hit is judged by. `requests`, in order, are those of the hits that have a
    // request_size; their bytes begin with the value and look like what they are. A ledger that cannot be
    // written loses the batch: nothing of it is spent, nothing acts, and everything is as it was before, but
    // for the counts of signatures that were looked at, which count for a while (Attempts).
    [[nodiscard]] Outbox take(std::span<const message::Hit> hits, std::span<const message::Request> requests,
                              const std::function<Time(const message::Hit&)>& when);
    // Plain ones alone.
    [[nodiscard]] Outbox take(std::span<const message::Hit> hits,
                              const std::function<Time(const message::Hit&)>& when) {
        return take(hits, {}, when);
    }

    [[nodiscard]] const message::ValidateCounters& counters() const { return counters_; }

  private:
    struct Match {
        const Entry* entry = nullptr;
        Count steps = 0;
    };
    // What was found under a request, before the transaction began where that was possible.
    struct Look {
        GrantId grant{}; // whose value it was; none: nobody has looked
        Verified verified;
        unsigned attempt = 0; // the number of the look, if it was in vain
    };
    // One packet.
    struct Knock {
        const message::Hit& hit;
        Time now;
        Bytes request;             // empty: it came plain
        Verified* valid = nullptr; // when a valid signature is known
    };
    using When = std::function<Time(const message::Hit&)>;

    [[nodiscard]] Match find(const message::Hit& hit) const;
    [[nodiscard]] const GrantDetails* owner_of(const Entry& entry);
    void take_one(const Knock& knock, Look* look);
    void known_again(Known& known, const message::Hit& hit, Time now);
    void record_again(Known& known, RowKind kind, const message::Hit& hit, Time now);
    void spend(const Entry& entry, Count steps, const GrantDetails& details, const Knock& knock,
               Refusal unsigned_because = Refusal::none);
    [[nodiscard]] Decision judge(const Entry& entry, const GrantDetails& details, const Knock& knock) const;
    void accept(const Known& known, const Head& head, const GrantDetails& details, const Decision& decision,
                Time last_used, const Knock& knock);
    void hold(message::Act& act, const Known& known, const GrantDetails& details, Time now);
    void refuse(const Known& known, const Head& head, Refusal refusal, const Knock& knock);

    // In acceptance_signed.cpp.
    [[nodiscard]] std::vector<Look> look_ahead(std::span<const message::Hit> hits,
                                               std::span<const message::Request> requests, const When& when);
    void look_at(Look& look, const Entry& entry, const GrantDetails& details, const Knock& knock);
    void take_signed(const Match& match, const GrantDetails& details, const Knock& knock, Look* look);
    void not_looked_at();
    void not_signed(const Match& match, const GrantDetails& details, const Knock& knock, Refusal why);
    AcceptedRequest& hand_over(const message::Act& act, const Knock& knock, Refusal refusal);

    Book& book_;
    Memory& memory_;
    Ledger& ledger_;
    KnownGrants grants_;
    Settings settings_;
    Verifying verifying_;
    Attempts attempts_;

    message::ValidateCounters counters_;

    // Of the batch at hand.
    Batch batch_;
    Outbox out_;
};

} // namespace otk
