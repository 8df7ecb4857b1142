// What the monitor does about a spent knock: looks up user, command and grant itself, checks the rules again,
// and keeps how it ended until that is in the ledger (DESIGN 7 and 9).
#pragma once

#include "knockd/messages.h"
#include "knockd/monitor/commands.h"
#include "knockd/monitor/grant_cache.h"
#include "knockd/monitor/holds.h"
#include "knockd/monitor/mark.h"
#include "knockd/monitor/noticing.h"
#include "knockd/monitor/started_undos.h"
#include "knockd/monitor/status.h"
#include "store/doors_file.h"
#include "store/policy_store.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>

namespace otk {

class Actor {
  public:
    // What it takes from the world; all outlive it.
    struct World {
        EventLoop& loop;
        const Clock& clock;
        const PolicyStore& policy;
        Doorway& doorway;
        Mark& mark;
        StartedUndos& started_undos;
        Status& status;
        Noticing& noticing;
        Spares* spares = nullptr; // nullptr: none, each command is forked
    };
    struct Hands {
        // To validate; both may be asked for again later.
        std::function<void(const End&)> send_end;
        std::function<void(const message::Release&)> send_release;
        std::function<void()> doors_changed;
    };
    Actor(const World& world, const Config& config, Hands hands);
    void configure(const Config& config); // read again

    // These are false when the message breaks its contract.
    //
    // A knock that was spent just now. Rows only rise, so that a validator that fails or is owned cannot have
    // one knock run twice. Only a dynamic request has a second Act, with an older row: one, and only when
    // the first one announced it.
    [[nodiscard]] bool act(const message::Act& act);
    // What became of a knock, or of an undo, that was written down before validate was started again.
    [[nodiscard]] bool asked(const message::Act& act);
    // A hold that is in the ledger when validate has started; `before`: as an earlier life of ours knew it,
    // or nullptr.
    [[nodiscard]] bool told(const message::Held& held, const DoorListed* before);
    // The end of a hold is in the ledger; what is to be undone is undone now.
    [[nodiscard]] bool released(const message::Released& released);

    // Validate has started again: what it may not have stored is sent once more.
    void send_again();
    void report(const message::Report& report);
    void stored(const message::Stored& stored);

    // The policy has changed: what is not allowed any more ends. Throws Error when it cannot be read.
    void policy_changed();
    // An administrator's wish. `asked`: when, for one that is older than this life of ours: requests are read
    // from the first one at each start, and a restored ledger counts its rows anew, so one that is older than
    // the hold is meant for something else.
    void close_door(std::int64_t row, std::optional<Time> asked);

    // For as long as it lives: see GrantCache.
    [[nodiscard]] GrantCache::Turn turn() { return GrantCache::Turn(grants_); }
    [[nodiscard]] Commands& commands() { return commands_; }
    [[nodiscard]] Holds& holds() { return holds_; }
    // Every end is in the ledger.
    [[nodiscard]] bool all_stored() const { return unstored_.empty(); }
    [[nodiscard]] std::size_t ends_waiting() const { return unstored_.size(); } // to be stored
    [[nodiscard]] std::string label_of(GrantId grant);                          // "anna/sshd"

  private:
    // What is kept of a knock while its command waits for its turn.
    struct SpentKnock {
        GrantId grant{};
        Count count = 0;
        Carrier carrier{};
        Address source;
        Address named;
        Address address; // that the command is about
        std::string argument;
        bool is_signed = false;
    };
    void ended(End end);
    void keep(End end); // until it is stored
    // User, command and grant, and the address that the rules choose now. Nothing: they refused it.
    struct Checked {
        GrantCache::Found details;
        Address address;
    };
    [[nodiscard]] std::optional<Checked> check(const message::Act& act);
    [[nodiscard]] bool check_and_do(const message::Act& act);
    void accepted(const message::Act& act, const Checked& checked, const std::string& verdict);
    [[nodiscard]] bool await_syns(const message::Act& act);
    [[nodiscard]] bool go_on(const message::Act& act);
    [[nodiscard]] static SpentKnock knock_of(const message::Act& act, const Address& address);
    [[nodiscard]] Refusal refusal_of(const GrantDetails& details, const SpentKnock& knock,
                                     Decision& decision) const;
    void refuse(const message::Act& act, const std::optional<GrantDetails>& details, Refusal refusal);
    void not_held(const message::Act& act, const std::optional<GrantDetails>& details);
    void run(const message::Act& act, const GrantDetails& details, const Address& address);
    [[nodiscard]] ReadyToRun its_turn(const SpentKnock& knock);
    [[nodiscard]] bool hold(const message::Act& act, const GrantDetails& details, const Address& address);
    void begin_hold(const message::Act& act, OpenHold hold);
    void prolong(const message::Act& act, OpenHold& hold);
    void close_doors_of(const message::Act& act, const GrantDetails& details);
    void undo(RowNumber row, const OpenHold& hold);
    [[nodiscard]] ReadyToRun turn_of_undo(RowNumber row, const OpenHold& hold);
    [[nodiscard]] bool asked_for_undo(const message::Act& act);
    [[nodiscard]] GrantCache::Found details_of(GrantId grant); // of a removed one, too
    [[nodiscard]] std::string label_of_row(RowNumber row);

    World world_;
    Hands hands_;
    std::uint32_t most_holds_;
    GrantCache grants_;
    std::map<RowNumber, End> unstored_;
    std::unordered_map<RowNumber, GrantId> whose_; // grants of rows that have not ended yet
    std::set<RowNumber> undos_;                    // rows of undos that have not ended yet
    RowNumber newest_{};
    std::map<RowNumber, bool> waiting_; // dynamic requests whose second Act is to come; true: has ended
    Holds holds_;
    Commands commands_; // last: its end reports to the others
};

} // namespace otk
