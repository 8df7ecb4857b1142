// policy.db: what the administrator decided (DESIGN 8, schema/policy). Knows no libcrypto: the monitor links
// it. knockmgr (root) is the only writer; knockd's processes open it read-only.
#pragma once

#include "base/clock.h"
#include "otp/algorithm.h"
#include "otp/token.h"
#include "otp/value.h"
#include "policy/model.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otk {

using LedgerId = std::array<std::uint8_t, 16>;
using ServerId = std::array<std::uint8_t, 16>;

// How the knocks of a grant reach its user: what a renewal keeps. For knockmgr; no decision depends on it.
struct Handover {
    std::string host;              // by which the user finds this server; empty: none was said
    std::string form;              // of the knocks: "hex", "words", "base32"; empty: none was said
    std::optional<bool> made_here; // the chain was made by knockmgr, for a sheet, and not by its user;
                                   // nothing: it was enrolled before policy.db kept this
};

struct Grant {
    GrantId id{};
    UserId user{};
    CommandId command{};
    bool enabled = true;
    Enrolment enrolment;
    ChainId chain{}; // chain_id(enrolment), computed by knockmgr
    GrantRules rules;
    Time created{};
    Time enrolled{}; // when the present chain was; add_grant takes it from `created`
    // By retire_all_chains(): no knock of the chain counts, until the grant is renewed. add_grant ignores it.
    bool retired = false;
    Handover handover{};
};

// A grant with all that a decision needs.
struct GrantDetails {
    Grant grant;
    User user;
    Command command;
};

// Of a grant only what knockd-validate needs to recognise its knocks: a million of them are read at start.
struct GrantChain {
    GrantId grant{};
    ChainId chain{};
    Algorithm algorithm{};
    Count length = 0;
    Value image; // as it was enrolled
    bool enabled = true;
    bool retired = false;
};

// The upper end of a chain that was enrolled at some time, be it anybody's now or not.
struct EnrolledChain {
    ChainId chain{};
    Count length = 0;
    Value image; // the value at count `length`
};

// How many there are, without reading them.
struct PolicyTotals {
    std::size_t users = 0;
    std::size_t commands = 0;
    std::size_t grants = 0;
};

// Which grants an administrator's changes concern.
struct ChangedGrants {
    std::int64_t newest = 0;     // number of the newest change
    bool all = false;            // read all of them; `grants` is empty then
    std::vector<GrantId> grants; // each once; they may be gone
};

// One row of the change table: what an administrator did.
struct Change {
    std::int64_t id = 0;
    Time at{};
    std::string who;    // "root" or the name behind sudo
    std::string what;   // "user add", "grant disable"
    std::string object; // "anna", "anna/sshd"
    std::string before; // JSON, "" where there was nothing
    std::string after;
};

// What an administrator asks of the running knockd, beyond a changed policy. Numbers only rise; knockd's
// processes do each once.
struct Request {
    enum class Kind : std::uint8_t {
        resync = 1, // move the chain of `grant` forward to `value` (knockd-validate)
        close = 2,  // end the door or hold of ledger row `row` (the monitor)
    };
    std::int64_t id = 0; // given by add_request
    Time at{};
    std::string who;
    Kind kind{};
    GrantId grant{};
    Value value;
    std::int64_t row = 0;
};

// The public half of one of the server's keys (DESIGN 6). The private half of number N is in the file N.key
// of Places::server_keys, as 64 hex digits and a newline.
using PublicServerKey = std::array<std::uint8_t, 32>;
struct ServerKeyRecord {
    std::int64_t id = 0; // 1, 2, 3, ...
    PublicServerKey public_half{};
    Time created{};
    std::optional<Time> ends; // requests for it are refused from then on
};
[[nodiscard]] inline bool in_force(const ServerKeyRecord& key, Time now) {
    return !key.ends || now < *key.ends;
}

// Whether the ports of open commands are guarded (DESIGN 9).
struct GuardDecision {
    bool on = false;
    std::optional<Time> trial_until; // on, but only until then unless it is confirmed
    friend bool operator==(const GuardDecision&, const GuardDecision&) = default;
};

class PolicyStore {
  public:
    // All throw Error, with the file's name and what to do. `who` and the clock's time stand in the change
    // table.
    //
    // Makes the file, with mode 0640, and refuses one that exists. While a store is open there are a -wal and
    // a -shm file, made with the owner and group that the file has at that moment: close it before changing
    // them.
    static PolicyStore create(const std::filesystem::path& file, const ServerId& server,
                              const LedgerId& ledger, std::string who = "root",
                              std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>());
    // Error when what SQLite keeps beside a file is there without the file.
    static void check_nothing_left(const std::filesystem::path& file);
    // Removes a file that nobody has open, with what SQLite keeps beside it: one that was not finished.
    static void remove(const std::filesystem::path& file);
    // Migrates; waits up to 5 s for a lock.
    static PolicyStore open_for_change(const std::filesystem::path& file, std::string who,
                                       std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>());
    // Migrates a file of an older otk; nothing where it is up to date. Readers want it so.
    static void bring_up_to_date(const std::filesystem::path& file);
    [[nodiscard]] static bool is_older(const std::filesystem::path& file); // than this program's
    // Any number of readers. One that may not write to the folder needs another connection, such as the
    // monitor's, to be open: it has made the -wal and -shm files. After a knockmgr was killed at a bad
    // moment, such a reader gets an Error from every function until root's connection has read once; so it
    // tries again later and keeps what it knows, and the monitor asks version() all the time.
    static PolicyStore open_for_reading(const std::filesystem::path& file);
    // Likewise, but also where the file system is still read-only and the -wal and -shm files are missing.
    // Not to be kept: what is committed later may never be seen.
    static PolicyStore open_for_a_look(const std::filesystem::path& file);
    // For somebody who only wants to see a name: makes no file, waits for nobody, and may miss the newest
    // changes. Error also where the file belongs to another user than this one and root.
    static PolicyStore open_for_glance(const std::filesystem::path& file);
    PolicyStore(PolicyStore&&) noexcept;
    PolicyStore& operator=(PolicyStore&&) noexcept;
    ~PolicyStore();

    [[nodiscard]] ServerId server_id() const;
    [[nodiscard]] LedgerId ledger_id() const;

    // Changes whenever another connection has committed (not by this store's own changes); costs
    // microseconds.
    [[nodiscard]] std::int64_t version() const;

    // While one lives everything that is read is of one moment, the first reading, and costs less. Not for
    // long: knockmgr's changes pile up in the log meanwhile. The store outlives it; one at a time.
    class Reading {
      public:
        explicit Reading(const PolicyStore& store); // throws Error
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;
        ~Reading();

      private:
        const PolicyStore& store_;
    };

    // Users and commands in order of their names.
    [[nodiscard]] std::vector<User> users() const;
    [[nodiscard]] std::vector<User> users_beginning(std::string_view begin, std::size_t most) const;
    [[nodiscard]] std::optional<User> user_named(std::string_view name) const;
    [[nodiscard]] std::vector<Command> commands() const;
    [[nodiscard]] std::optional<Command> command_named(std::string_view name) const;
    [[nodiscard]] std::optional<GrantDetails> grant(GrantId id) const;
    [[nodiscard]] std::optional<GrantDetails> grant_of(std::string_view user, std::string_view command) const;
    // In order of id; without holding all of them in memory.
    void each_grant(const std::function<void(const GrantDetails&)>& visit) const;
    [[nodiscard]] std::vector<GrantDetails> grants_of_user(std::string_view user) const;
    // The chains alone, which costs a fifth of that. In order of the grants' ids.
    void each_chain(const std::function<void(const GrantChain&)>& visit) const;
    [[nodiscard]] std::optional<GrantChain> chain_of(GrantId id) const;
    // What was decided about grants after change number `after`: added, changed, renewed or removed ones,
    // those that went with their user or command included. `all` where so many were that reading all is
    // quicker, where the change concerns all, and where the file has fewer changes than that (a backup was
    // put back). Whoever reads grants afterwards sees at least these changes, and perhaps later ones, which
    // come again the next time.
    [[nodiscard]] ChangedGrants grants_changed_after(std::int64_t after, std::size_t most = 50'000) const;
    [[nodiscard]] std::int64_t newest_change() const; // its number
    [[nodiscard]] PolicyTotals totals() const;
    [[nodiscard]] std::size_t enabled_grants() const; // whose chain is not retired
    // Some of a million, without reading all the others. In order of id.
    [[nodiscard]] std::vector<GrantDetails> weak_grants() const;    // of 64-bit chains
    [[nodiscard]] std::vector<GrantDetails> retired_grants() const; // by retire_all_chains()
    [[nodiscard]] std::vector<GrantDetails> grants_with_hours() const;
    [[nodiscard]] std::vector<GrantDetails> grants_of_length(Count most) const; // of their chains, at most
    [[nodiscard]] std::optional<GrantDetails> grant_with(const ChainId& chain) const;
    // Names of those who have a grant for the command, in order of the grants.
    [[nodiscard]] std::vector<std::string> users_of(CommandId command) const;
    // Every user in order of the names, with those of the commands that he has a grant for, in their order.
    void each_user(const std::function<void(const User&, const std::vector<std::string>&)>& visit) const;
    [[nodiscard]] std::vector<Change> changes(std::size_t newest) const;

    // Of a grant that was removed, by itself or with its user or command: the names, and the command as it
    // was, so that what it had left to undo is undone. Rules and enrolment are empty, `enabled` is false.
    [[nodiscard]] std::optional<GrantDetails> removed_grant(GrantId id) const;
    [[nodiscard]] std::vector<Request> requests_after(std::int64_t id) const; // in order
    [[nodiscard]] GuardDecision guard() const;
    [[nodiscard]] std::vector<ServerKeyRecord> server_keys() const; // in order of number; the newest is last

    // A chain that this server has ever seen: by seed, by image, or by public key (DESIGN 3).
    [[nodiscard]] bool seed_seen(std::string_view seed) const;
    [[nodiscard]] bool image_seen(Algorithm algorithm, const Value& image) const;
    [[nodiscard]] bool key_seen(const std::array<std::uint8_t, 32>& public_key) const; // looks at all
    // All that were ever enrolled, the newest first.
    void each_enrolled(Algorithm algorithm, const std::function<void(const EnrolledChain&)>& visit) const;

    // Each of these is one transaction with its row in the change table; a removal also has one for each
    // grant that it takes along. Names are checked by the caller for a good message; the schema refuses
    // nonsense all the same (then: Error). Unique names: Error "user anna exists already". An id that is
    // gone: Error.
    UserId add_user(std::string_view name);
    void set_user_enabled(UserId id, bool enabled);
    void remove_user(UserId id); // with the user's grants
    CommandId add_command(const Command& command);
    void set_command_enabled(CommandId id, bool enabled);
    void set_command_leaves(CommandId id, bool leave_running); // of exec
    void remove_command(CommandId id); // with its grants; Error that names the commands that close it
    GrantId add_grant(const Grant& grant);
    void set_grant_enabled(GrantId id, bool enabled);
    void set_grant_rules(GrantId id, const GrantRules& rules);
    // Same rules, new chain.
    void renew_grant(GrantId id, const Enrolment& enrolment, const ChainId& chain,
                     const Handover& handover = {});
    void remove_grant(GrantId id);
    // For good: no chain that was enrolled until now ever counts again, also where a ledger does not know
    // what was spent of it. Chains enrolled later do.
    void retire_all_chains();
    // `at`, `who` and `id` are filled in. Has a change row, like all others. Of resync: Error where the grant
    // is gone or the value has another size than its chain's; whether it lies on the chain is not looked at
    // here.
    std::int64_t add_request(const Request& request);
    void set_guard(const GuardDecision& decision);

    // `make` gets the number of the new key, has its private half on the disk when it returns, and returns
    // the public one; what it throws leaves everything as it was. No other change of the policy happens
    // meanwhile, so that no two write the file of one number. With `others_end` all keys before it end then,
    // or earlier where that was decided. Returns the number.
    std::int64_t add_server_key(const std::function<PublicServerKey(std::int64_t number)>& make,
                                std::optional<Time> others_end = std::nullopt);
    void end_server_key(std::int64_t id, Time ends); // Error where it would end later than decided before

  private:
    struct Inside;
    explicit PolicyStore(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

} // namespace otk
