// The monitor: root, small, parses nothing that came from the network (DESIGN 7). It starts and watches the
// other processes; what it does about their messages is the Actor's.
#pragma once

#include "config/config.h"
#include "knockd/messages.h"
#include "knockd/monitor/actor.h"
#include "knockd/monitor/alerts.h"
#include "knockd/monitor/child.h"
#include "knockd/monitor/doors.h"
#include "knockd/monitor/flood.h"
#include "knockd/monitor/guard_file.h"
#include "knockd/monitor/host_watch.h"
#include "knockd/monitor/liveness.h"
#include "knockd/monitor/losses.h"
#include "knockd/monitor/mark.h"
#include "knockd/monitor/metrics_file.h"
#include "knockd/monitor/noticing.h"
#include "knockd/monitor/outgoing.h"
#include "knockd/monitor/policy_watch.h"
#include "knockd/monitor/started_undos.h"
#include "knockd/monitor/status.h"
#include "store/policy_store.h"
#include "store/writer_lock.h"
#include "sys/event_loop.h"
#include "sys/spares.h"

#include <functional>
#include <memory>
#include <optional>

namespace otk {

class Monitor {
  public:
    // `read_config` gives the configuration again, for SIGHUP; it throws Error when that cannot be read.
    // The spares outlive this.
    Monitor(Config config, const Places& places, std::function<Config()> read_config, Spares& spares);

    // Until SIGTERM or SIGINT. Throws Error when it cannot begin.
    void serve();

  private:
    static constexpr int messages_in_a_turn = 64;

    // A helper process with what the monitor knows of it.
    struct Helper {
        Child child;
        bool begun = false; // capture: it was told that it may read
        bool ready = false;
        bool expected_to_end = false; // to be started again with a new configuration
        std::string last_word{};      // why it ends, as it says itself
        std::string cannot_start{};   // how it ended the last time, if it was not ready then
        bool once_more = false;       // that was wished while it could not be done: it follows, once
        Liveness liveness{};
        std::unique_ptr<EventLoop::Timer> restart{};
    };
    // Validate is there and writes the ledger.
    [[nodiscard]] bool accepting() const {
        return validate_.ready && status_.acceptance == message::Acceptance::open;
    }
    void provide() const;                     // what [limits] needs
    void show_state_to(const Config& config); // [state] readable_by; throws Error
    void start(Helper& helper);
    void start_later(Helper& helper, std::chrono::milliseconds delay);
    void hear(Helper& helper, int most);
    void end_broken(Helper& helper);
    [[nodiscard]] bool take_last_word(Helper& helper, const message::LastWord& word);
    [[nodiscard]] bool take_from_capture(); // false: the message breaks its contract
    [[nodiscard]] bool take_from_validate();
    void validate_is_ready(const message::ValidateReady& ready);
    void child_ended();
    void helper_ended(Helper& helper, int wait_status);
    void send(const End& end);
    void say_readiness();
    void on_signal(int signal);
    void reload();
    void doors_changed();
    void write_doors();
    void claimed(RowNumber hold, const Address& by);
    void refused_connection(RowNumber hold, const Address& source);
    void lost_relay(RowNumber hold, const std::string& why);
    void guard_lost(const std::string& what);
    void look_for_guard();
    void start_again(Helper& helper);
    // In monitor_captures.cpp: another capture takes the place of the one that reads.
    void change_capture();
    void begin_change();
    void hear_next_capture();
    void next_capture_ended(int wait_status);
    void capture_ended(bool expected, std::chrono::steady_clock::time_point read_until);
    void take_over();
    void capture_is_ready();
    void rings_fill_since(std::chrono::steady_clock::time_point opened);
    void tell_crash(const std::string& line);
    // In monitor_every_second.cpp.
    void begin_watchdog();
    void watch_over_helpers();
    void end_hanging(Helper& helper);
    void sign_of_life(Helper& helper);
    [[nodiscard]] std::string unable() const;
    [[nodiscard]] std::string silence() const;
    void every_second();
    void tell_losses();
    void watch_for_floods();
    Status write_status(); // gives what was written
    // In monitor_stop.cpp.
    void stop();
    void stop_further();

    SystemClock clock_;
    Config config_;
    Places places_;
    std::function<Config()> read_config_;
    Spares& spares_;
    PolicyStore policy_;    // opened first and kept open, so that readers always work (DESIGN 8)
    WriterLock lock_;       // one knockd for one state directory
    std::size_t left_over_; // groups of commands that an earlier life had left, which have been ended
    Mark mark_;
    GuardFile guard_file_;
    Status status_;
    StatusFile status_file_;
    MetricsFile metrics_file_;
    EventLoop loop_;
    Helper capture_{Child("knockd-capture")};
    Helper next_capture_{Child("knockd-capture")}; // is to take its place
    bool changing_capture_ = false;                // from the wish until that has happened
    std::optional<std::chrono::steady_clock::time_point> next_opened_; // its rings fill since then
    std::unique_ptr<EventLoop::Timer> overlap_;                        // then capture_ is told to finish
    std::chrono::steady_clock::time_point read_until_{}; // capture_ has said since that it reads
    std::optional<std::chrono::steady_clock::time_point> nobody_read_since_; // or since a while later
    Helper validate_{Child("knockd-validate")};
    // Both ends of the pair between capture and validate; the children get duplicates (messages.h).
    std::pair<Channel, Channel> between_;
    Outgoing to_validate_{loop_, validate_.child};
    Alerts alerts_;
    Noticing noticing_;
    Flood flood_;
    Losses losses_;
    StartedUndos started_undos_;
    DoorsFile doors_file_;
    Doors doors_;
    Actor actor_;
    PolicyWatch policy_watch_;
    HostWatch host_watch_;
    bool validate_begins_ = false; // its questions come, and nothing else has come yet
    std::string dns_remark_;       // for the service manager
    bool said_ready_ = false;
    bool stopping_ = false;
    std::unique_ptr<EventLoop::Timer> second_;
    std::unique_ptr<EventLoop::Timer> watchdog_;
    std::unique_ptr<EventLoop::Timer> policy_period_;
    std::unique_ptr<EventLoop::Timer> patience_;
    std::unique_ptr<EventLoop::Timer> doors_later_; // doors.json is behind
    std::chrono::steady_clock::time_point doors_written_{};
};

} // namespace otk
