// The server's private keys (DESIGN 6), as far as they are in force: read from their files, which are inside
// the directory that validate is confined to, wiped when their time is over.
#pragma once

#include "base/clock.h"
#include "request/dynamic.h"
#include "store/policy_store.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace otk {

class ServerKeys {
  public:
    // `folder` holds N.key for each number N in policy.db: 64 hex digits and a newline.
    explicit ServerKeys(std::filesystem::path folder) : folder_(std::move(folder)) {}

    // Takes over what policy.db says now: new keys are read, those that are over or gone are wiped. Returns
    // what is wrong with the files of others, for the journal; the key of such a file is not in force. Throws
    // Error when policy.db cannot be read; then everything stays.
    [[nodiscard]] std::vector<std::string> load(const PolicyStore& policy, Time now);

    struct InForce {
        std::int64_t id = 0;
        ServerKey key;
        std::optional<Time> ends;
    };
    // The newest first. Wipes what is over by now. A P1 does not say which key it is for: it is for the one
    // that its box opens with.
    [[nodiscard]] const std::vector<InForce>& at(Time now);

  private:
    std::filesystem::path folder_;
    std::vector<InForce> keys_;
};

} // namespace otk
