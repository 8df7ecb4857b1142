// ledger.db: what happened (DESIGN 8, schema/ledger, docs/FORMAT.md). Written by knockd-validate alone, in
// WAL mode with synchronous=FULL: what commit() returned for survives a power cut. Rows are chained: each
// carries SHA-256 over the previous row's hash and its own fields, each with its length.
#pragma once

#include "net/address.h"
#include "net/knock.h"
#include "otp/algorithm.h"
#include "otp/chain.h"
#include "otp/token.h"
#include "otp/value.h"
#include "policy/decide.h"
#include "store/policy_store.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otk {

enum class RowNumber : std::int64_t {}; // 1 is the first row; 0 is before it
[[nodiscard]] constexpr std::int64_t number(RowNumber row) { return static_cast<std::int64_t>(row); }
using RowHash = std::array<std::uint8_t, 32>;

// The newest row: what the monitor's mark and the journal's anchors name.
struct Head {
    RowNumber row{};
    RowHash hash{};
    friend bool operator==(const Head&, const Head&) = default;
};

// The numbers are stored: never change one.
enum class RowKind : std::uint8_t {
    created = 1,  // the first row: the ledger was made
    accepted = 2, // a knock was spent and its command goes to the monitor
    refused = 3,  // a knock was spent, and a rule refused it (`refusal`)
    ended = 4,    // the command of row `of` ended (`outcome`, `status`)
    interrupted =
        5,         // the command of row `of` was cut off by a crash or a shutdown; how far it came is unknown
    replay = 6,    // the knock of row `of` came again later than a duplicate may
    late = 7,      // a knock that a later one had jumped over
    contested = 8, // the knock of row `of` came again from elsewhere or with another address
    started = 9,   // knockd-validate began to accept (text: why the last run ended, if known)
    closed = 10,   // the door, or the hold without undo, of row `of` ended (text: why)
    undo = 11,     // the hold of row `of` ended (text: why) and its undo goes to the monitor; has an end, as
                   // `accepted`
    resynced = 12, // an administrator moved the chain forward to `value` (text: who); without count and
                   // value: she wanted to, and the value did not fit (text: why, and who)
    not_signed = 13, // a value of a chain came without the valid signature that its grant demands
                     // (`refusal`); not spent
};
[[nodiscard]] std::string_view name_of(RowKind kind);

// How a command ended. The numbers are stored and cross process borders: never change one.
enum class Outcome : std::uint8_t {
    none = 0,
    exited = 1,      // status: the exit code
    killed = 2,      // status: the signal
    timed_out = 3,   // the time limit ended it
    not_started = 4, // status: errno; text: the step that failed
    refused = 5,     // by the monitor's own checks (`refusal`)
    interrupted = 6,
    opened = 7,    // a door (text: which and for how long)
    prolonged = 8, // the door or hold of an earlier knock
    closed = 9,    // by a `close` command (status: how many doors and holds)
    no_syns = 10,  // dynamic: the declared SYNs did not come in time, or a newer request took its place
};
[[nodiscard]] std::string_view name_of(Outcome outcome);

// One row. Fields that a kind does not use are empty, zero or none. The schema refuses, among other nonsense:
// an accepted or refused row without chain, algorithm, value, carrier and count, a refused one without and an
// accepted one with a refusal, an end of a command that has ended already, texts of more than 4096 bytes.
struct Row {
    RowNumber number{}; // given by append
    Time at{};
    RowKind kind{};
    RowNumber of{}; // the row it belongs to
    GrantId grant{};
    ChainId chain{};
    std::string user; // names as they were then: a ledger outlives users
    std::string command;
    Count count = 0;       // the knock's number
    Count jumped = 0;      // how many knocks the window jumped over
    Algorithm algorithm{}; // of the chain
    Value value;           // the knock itself: spent, so no secret
    Carrier carrier{};     // meaningless when there is no value
    Address source;
    std::uint16_t source_port = 0;
    Address named;
    Address address; // what the command acts on
    Refusal refusal = Refusal::none;
    Outcome outcome = Outcome::none;
    std::int64_t status = 0;
    std::chrono::milliseconds duration{};
    std::string text; // free text for people, UTF-8
    // accepted, refused and not_signed: the signed knock or dynamic request as it came; empty for a plain
    // knock.
    std::vector<std::uint8_t> request;
};

struct Position {
    ChainId chain{};
    Value image;     // the value at `count`
    Count count = 0; // knocks left: count - 1
    Time at{};       // of the newest knock
};

// A door or an undo that waits: from before its command starts until it is over (DESIGN 9). Not in the chain
// of hashes: the rows of its knock and of its end are.
struct Hold {
    RowNumber row{}; // of the knock that began it
    GrantId grant{};
    Address address;        // what the command acts on; may be none
    std::uint16_t port = 0; // of a forwarding door; else 0
    Time deadline{};
    std::string argument{}; // of the signed knock, which the undo is handed, too
    friend bool operator==(const Hold&, const Hold&) = default;
};

// How many knocks of a grant were accepted lately (for DESIGN 10's rates).
struct Admitted {
    std::uint32_t in_last_hour = 0;
    std::uint32_t in_last_day = 0;
};

class Ledger {
  public:
    // All throw Error, with the file's name and what to do. create refuses an existing file.
    static void create(const std::filesystem::path& file, const LedgerId& id, Time now);
    // Migrates. The one writer: a second one is told by an advisory lock on FILE.lock, in this process or
    // another. Creates nothing where there is no ledger.
    static Ledger open(const std::filesystem::path& file);
    // A private copy in memory, for `knockd --read`: nothing that happens to it is kept.
    static Ledger open_copy(const std::filesystem::path& file);
    static Ledger open_for_reading(const std::filesystem::path& file);
    Ledger(Ledger&&) noexcept;
    Ledger& operator=(Ledger&&) noexcept;
    ~Ledger();

    // Changes nothing that could be read. The -wal file is as long afterwards as a while of knocks makes it:
    // a commit that overwrites is durable sooner than one for which the file system must make the file
    // longer. Takes some 10 ms; on a full disk Error, and the ledger goes on as it would have.
    void lengthen_log();

    [[nodiscard]] LedgerId id() const;
    // The newest committed row.
    [[nodiscard]] Head head() const;
    // True also for Head{}, which stands before the first row, and for rows before the checkpoint, whose
    // hashes nobody knows any more.
    [[nodiscard]] bool contains(const Head& head) const;

    [[nodiscard]] std::optional<Position> position(const ChainId& chain) const;
    void each_position(const std::function<void(const Position&)>& visit) const;
    // Only those that stand at this count or below: chains that run out.
    void each_low_position(Count most, const std::function<void(const Position&)>& visit) const;

    // Between begin and commit; commit is durable when it returns. An exception of any of them has rolled the
    // whole transaction back and ended it: begin anew, or go on without (roll_back() is then allowed and does
    // nothing).
    void begin();
    // Advances the chain from `old_image` (its position, or its enrolment when it has none yet) to `next`.
    // False when the chain is not there any more: then nothing changed, and the knock must not act (DESIGN 4
    // step 3); the transaction goes on. Where the chain has no position yet `old_image` is not checked: only
    // policy.db knows it. `next.at` becomes the position's.
    [[nodiscard]] bool spend(const Value& old_image, const Position& next);
    Head append(Row& row); // fills row.number
    // Of the command whose end the row `ended` records; at most 64 KiB.
    void keep_output(RowNumber ended, Bytes output, bool truncated);
    // A hold that begins with the row just appended, or the prolonging of one: there is at most one of the
    // same grant, address, port and argument, and it keeps its row and gets the later deadline. Returns it as
    // it then stands.
    Hold hold(const Hold& wanted);
    // It is over: false when there is none of that row.
    [[nodiscard]] bool release(RowNumber row);
    // Counts an accepted knock; only grants with a rate rule need it. Forgets those older than a day.
    void admit(GrantId grant, Time now);
    // The monitor has refused the knock that was counted with this time: it was not accepted after all.
    void not_admitted(GrantId grant, Time at);
    void note_request(std::int64_t id); // the newest request of policy.db that was done
    // Retention (DESIGN 8): removes rows older than `before`, oldest first, at most `most`, and leaves number
    // and hash of the newest removed one as a checkpoint from which verify() goes on. Stays: the newest row,
    // and every row from the oldest one on that an open command or a hold belongs to, that is not older than
    // `before`, or that does not verify: pruning hides no damage. Their outputs go along, positions never.
    // Returns how many rows went. One transaction for each batch, so that knocks need not wait for long.
    std::size_t prune(Time before, std::size_t most);
    // Outputs whose `ended` row is older than `before`, oldest first up to the first that is not; at most
    // `most`. Returns how many went.
    std::size_t prune_output(Time before, std::size_t most);
    void commit();
    void roll_back() noexcept;

    [[nodiscard]] std::optional<Hold> hold_of(RowNumber row) const;
    [[nodiscard]] std::vector<Hold> holds() const; // in order of row
    [[nodiscard]] Admitted admitted(GrantId grant, Time now) const;
    [[nodiscard]] std::int64_t last_request() const;
    [[nodiscard]] Head checkpoint() const; // Head{} when nothing was ever pruned

    [[nodiscard]] std::optional<Row> row(RowNumber number) const;
    // Rows newest first, at most `most`, of one user or command if named; `before`: only rows older than that
    // one.
    struct Filter {
        std::string user;
        std::string command;
        std::optional<RowKind> kind;
        std::optional<RowNumber> before;
        std::optional<Time> since;
    };
    [[nodiscard]] std::vector<Row> rows(const Filter& filter, std::size_t most) const;
    [[nodiscard]] std::vector<Row> rows_of_value(const Value& value) const; // oldest first, for `explain`
    // Rows of kind not_signed of this value: how often a look at it was wasted. Read by an index.
    [[nodiscard]] std::size_t times_not_signed(const Value& value) const;
    [[nodiscard]] std::vector<Row> rows_about(RowNumber number) const; // rows whose `of` is that one
    [[nodiscard]] bool is_open(RowNumber number) const;   // an accepted or undo row without an end
    [[nodiscard]] std::vector<Row> open_commands() const; // all of them
    // The newest accepted, refused, replay, late, contested and resynced rows, newest first: what acceptance
    // must remember at start.
    void each_recent(std::size_t most, const std::function<void(const Row&)>& visit) const;
    struct Output {
        std::vector<std::uint8_t> bytes;
        bool truncated = false;
    };
    [[nodiscard]] std::optional<Output> output(RowNumber ended) const;

    // Recomputes every hash from the checkpoint on, compares the anchors (any order; those before the
    // checkpoint are skipped) and the positions: none may stand above a knock that a row spent. Nothing: all
    // is whole. Else the first row that is not, and why.
    struct Damage {
        RowNumber row{};
        std::string what;
    };
    [[nodiscard]] std::optional<Damage> verify(const std::vector<Head>& anchors) const;

  private:
    struct Inside;
    explicit Ledger(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

// The hash of a row (docs/FORMAT.md): pure, so that anyone can recompute it.
[[nodiscard]] RowHash hash_of(const RowHash& previous, const Row& row);

} // namespace otk
