// What an administrator asks of knockd-validate by a row of policy.db: to move a chain forward to a knock
// that the user reads out (`knockmgr grant resync`).
#pragma once

#include "knockd/messages.h"
#include "knockd/validate/batch.h"
#include "store/policy_store.h"

#include <optional>
#include <string>
#include <vector>

namespace otk {

class Requests {
  public:
    // All of them outlive it.
    Requests(Book& book, Memory& memory, Ledger& ledger, const PolicyStore& policy);

    struct Answer {
        std::vector<message::WatchEntry> watches; // for capture
        std::string line;                         // for the journal
    };
    // Does the oldest request that was not done yet, as one durable transaction: the chain moves, a row
    // `resynced` says so, and the ledger notes the request, so that it is done once, whatever crashes. One
    // that cannot be done has such a row too, without count and value and with the reason. Nothing when all
    // are done, or when policy.db is newer than `loaded`, the version that the book agrees with. Throws Error
    // when a database does not let itself be used; then the next call tries again.
    [[nodiscard]] std::optional<Answer> next(std::int64_t loaded, Time now);

  private:
    [[nodiscard]] Answer resync(const Request& request, Time now);

    Book& book_;
    Memory& memory_;
    Ledger& ledger_;
    const PolicyStore& policy_;
    Batch batch_;
    std::optional<std::int64_t> done_; // the newest request that is done or not for us
};

} // namespace otk
