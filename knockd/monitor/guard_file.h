// STATE/monitor/guard.json (store/guard_file.h), kept true: what this knockd has accepted and what it knows
// of the guard, so that the next boot needs neither a good otk.toml nor a readable policy.db.
#pragma once

#include "config/config.h"
#include "knockd/journal.h"
#include "store/guard_file.h"

#include <filesystem>
#include <optional>

namespace otk {

class GuardFile {
  public:
    // Reads what an earlier life has left. Store and clock outlive it.
    GuardFile(std::filesystem::path file, const PolicyStore& policy, const Clock& clock);

    // This configuration is accepted: on the disk when it returns, unless the journal says why not.
    void configure(const Config& config);
    // Policy.db may have changed; called some times a second. Troubles are told once, and tried again.
    void look();
    // A guard stood when an earlier life ended, and its time is not over.
    [[nodiscard]] bool stood() const { return stood_; }
    // By what an earlier life kept the guard, where policy.db has lost that: it stays so until `knockmgr
    // guard off` has replaced the file. Else nullptr.
    [[nodiscard]] const GuardRecord::OfPolicy* held() const { return held_ ? &*held_ : nullptr; }

  private:
    void read();
    void hold_or_release(const GuardRecord::OfPolicy& now);
    void write(GuardRecord record);

    std::filesystem::path file_;
    const PolicyStore& policy_;
    const Clock& clock_;
    GuardRecord::OfConfig config_;
    std::optional<std::int64_t> version_; // of the policy that was written
    std::optional<GuardRecord> written_;  // what stands in the file
    std::optional<GuardRecord::OfPolicy> held_;
    bool stood_ = false;
    Complaint trouble_{"knockd"};
};

} // namespace otk
