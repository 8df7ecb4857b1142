// Whose command is the next to start: a fair queue of spent knocks. Pure: it starts nothing and knows no
// time, so that tests can ask it anything.
#pragma once

#include "knockd/messages.h"
#include "policy/model.h"
#include "sys/spawn.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace otk {

// What a job turns out to be when its turn comes.
struct ReadyToRun {
    Refusal refusal = Refusal::none; // of what was revoked while it waited: then the rest is of no use
    CommandToRun run{};
    std::chrono::seconds limit{};
    bool may_leave = false; // what it started may live on when it ends with exit code 0
    // Called just before its process is made, and when none could be had for it after all.
    std::function<void()> starts{};
    std::function<void()> not_started{};
};

// What is to be run for one spent knock. Cheap while it waits: argv, environment and account are made when
// its turn comes.
struct Job {
    RowNumber row{}; // of the knock: its name everywhere
    UserId user{};   // whose turn it takes; 0: nobody's in particular, who may have all places
    // Jobs of one lane run one after the other, in their order: a command and its undo, never both at a time.
    std::optional<GrantId> lane{};
    // An undo: goes before turns and is never refused for want of room. When knockd ends it is left to run
    // to its end; one that waits is forgotten then, because it is started by the next knockd.
    bool undo = false;
    // Asked when its turn comes, and again when an undo is tried again. Throws Error when it cannot be run.
    std::function<ReadyToRun()> prepare{};
};

// Users take turns, and each user's jobs keep their order, but for those that wait for their lane. An undo
// that is the first of its lane goes before all turns, whatever its user has running already. What is before
// it in its lane is not carried along: a lane that is refilled again and again would hold an undo always. And
// after an undo that went before, the next start is a turn, if anybody may have one, so that undos without
// end starve nobody. Every function takes a time that does not grow with the number of jobs or users that
// wait (amortised; with the number of lanes that one user has).
class Turns {
  public:
    // The most jobs of one user that wait. Nobody waits for his ten thousandth command; a loop does.
    static constexpr std::size_t most_of_one_user = 10'000;
    // And of all. A knock that waits takes some 300 bytes, all in all, so that these are 30 MiB.
    static constexpr std::size_t most_of_all = 100'000;
    struct Room {
        std::size_t of_one_user = most_of_one_user;
        std::size_t of_all = most_of_all;
    };

    explicit Turns(unsigned places) : Turns(places, Room{}) {}
    Turns(unsigned places, Room room) : places_(places), room_(room) {}
    void set_places(unsigned places); // how many may run at once

    // How many of `places` one user may have at most: a quarter, and at least one, stays for others, so that
    // their command starts at once however long his run. With one place turns are all the fairness there is.
    [[nodiscard]] static unsigned most_places_of_one_user(unsigned places);

    // Why there is no room for one more job of this user, for people; "" where there is. A user may have no
    // more jobs waiting than there is room left for all. So whoever fills the queue leaves room: one user at
    // most a half, k users together k/(k+1) of it (Choudhury and Hahne's dynamic thresholds, 1998).
    [[nodiscard]] std::string_view want_of_room(UserId user) const;
    // Takes it in any case: it is for the caller to ask for room before.
    void add(Job job);

    // The job that is to start now, if there is a place and one that may; it has its place and its lane until
    // ended().
    [[nodiscard]] std::optional<Job> next();
    void ended(const Job& job);

    // All that wait, each user's in order; then none do.
    [[nodiscard]] std::vector<Job> take_all();

    [[nodiscard]] bool waits(RowNumber row) const { return rows_.contains(row); }
    [[nodiscard]] std::size_t waiting() const { return rows_.size(); }
    [[nodiscard]] unsigned running() const { return running_; }

  private:
    struct Waiting {
        Job job;
        std::uint64_t arrival = 0;
    };
    using Row = std::list<Waiting>;
    struct User {
        Row row;                    // jobs without a lane
        std::vector<GrantId> lanes; // of his, that have a job which may start in his turn
        std::uint32_t waiting = 0;  // with those in lanes
        std::uint32_t running = 0;
        bool in_turn = false; // stands in turns_
    };
    struct Lane {
        Row row;
        // busy: one of its jobs runs. urgent: stands in urgent_. in_turn: stands in its user's `lanes`.
        enum class State : std::uint8_t { new_one, busy, urgent, in_turn } state = State::new_one;
    };

    [[nodiscard]] std::optional<Job> next_urgent();
    [[nodiscard]] std::optional<Job> next_turn();
    [[nodiscard]] bool may_have_turn(UserId id, const User& user) const;
    void give_turn(UserId id, User& user);
    void settle(GrantId id, Lane& lane);
    [[nodiscard]] std::optional<GrantId> next_lane(User& user) const;
    Job start(Row& row);
    Job start_of_lane(GrantId id);
    Job start_of_user(User& user);
    void forget_if_idle(UserId id);

    unsigned places_;
    Room room_;
    unsigned running_ = 0;
    std::uint64_t arrivals_ = 0;
    std::unordered_map<UserId, User> users_;  // who has jobs that wait or run
    std::unordered_map<GrantId, Lane> lanes_; // likewise
    std::deque<UserId>
        turns_; // who may start a job, in turn; some may not any more, which is seen when it comes
    std::deque<GrantId> urgent_;         // lanes that are not busy and begin with an undo
    bool turn_is_due_ = false;           // the last to start was urgent
    std::unordered_set<RowNumber> rows_; // of what waits
};

} // namespace otk
