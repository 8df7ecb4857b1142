// The doors that knocks open: ports let through, by the firewall, and ports forwarded (DESIGN 9).
#pragma once

#include "knockd/journal.h"
#include "knockd/monitor/doorway.h"
#include "knockd/monitor/firewall.h"
#include "knockd/monitor/forwarding.h"
#include "store/doors_file.h"
#include "sys/file.h"

#include <functional>
#include <memory>

namespace otk {

class Doors final : public Doorway {
  public:
    struct Told {
        std::function<void(RowNumber hold, const Address& by)> claimed;
        std::function<void(RowNumber hold, const Address& source)> refused; // proven: see Forwarding
        std::function<void(RowNumber hold, const std::string& why)> lost;
        std::function<void(const std::string& what)> guard_lost;
        std::function<const GuardRecord::OfPolicy*()> guard_held;              // see GuardFile::held
        std::function<void(const std::function<void(const OpenHold&)>&)> each; // of all holds
    };
    // All outlive it. Where nfnetlink cannot be had the doors that need it are refused and the journal says
    // why; everything else goes on.
    Doors(EventLoop& loop, const Clock& clock, const PolicyStore& policy, const Config& config,
          const Places& places, Told told);

    [[nodiscard]] Opened open(const OpenHold& hold, std::chrono::milliseconds how_long) override;
    void close(const OpenHold& hold) override;

    void configure(const Config& config); // read again
    void every_second();
    [[nodiscard]] bool child_ended(pid_t pid, int wait_status) {
        return forwarding_->child_ended(pid, wait_status);
    }
    [[nodiscard]] std::string guard_state() const {
        return firewall_ ? firewall_->guard_state() : "not possible here: " + no_firewall_;
    }
    // Firewall::guard_standing(). Where nfnetlink cannot be had: one that policy.db wants is missing.
    [[nodiscard]] std::optional<Firewall::GuardStanding> guard_standing() const;

  private:
    [[nodiscard]] std::vector<Firewall::Standing> standing() const;
    // How long other holds still want the same door: users may share an address. 0: none does.
    [[nodiscard]] std::chrono::milliseconds wanted_by_others(const OpenHold& hold) const;
    [[nodiscard]] Firewall& firewall() const; // throws Error where there is none

    const Clock& clock_;
    const PolicyStore& policy_;
    Config config_;
    Places places_;
    Told told_;
    std::unique_ptr<Firewall> firewall_;
    std::string no_firewall_; // why there is none
    std::unique_ptr<Forwarding> forwarding_;
};

// As doors.json lists it.
[[nodiscard]] DoorListed listed(const OpenHold& hold, Time now);

// STATE/monitor/doors.json, written at each change.
class DoorsFile {
  public:
    // Reads what an earlier life has left.
    explicit DoorsFile(std::filesystem::path file);
    // As an earlier life has left it: who has claimed it, and how long it was still to last. nullptr: it did
    // not list it.
    [[nodiscard]] const DoorListed* before(RowNumber row) const;
    // Likewise StatusFile::show_to.
    void show_to(const Readers& readers);
    void write(const std::vector<DoorListed>& doors); // failures are told once in the journal

  private:
    std::filesystem::path file_;
    Readers readers_;
    std::vector<DoorListed> before_;
    Complaint trouble_{"knockd"};
};

} // namespace otk
