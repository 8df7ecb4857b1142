// knockmgr restore: the way out of a ledger that is lost, old, damaged or another's (DESIGN 8).
//
// What must never happen: that a knock which was spent is accepted again. A ledger that lacks rows cannot say
// which knocks those are, so every chain enrolled until now is retired, for good and before anything else:
//
//   1. policy.db: all chains are retired, in one transaction with its row in the record of changes;
//   2. the ledger's folder: what cannot be used is moved aside, -wal and -shm after the file they belong to,
//      and a ledger without rows is made; an older one that can be read stays where it is;
//   3. the mark is removed.
//
// Killed before the commit of 1, nothing has changed, and whatever kept knockd from accepting still does.
// Killed at any moment after it, no old chain can come back, whichever ledger knockd may find: acceptance
// loads no retired chain, and a chain that is enrolled later has no spent knocks. So the order of what
// follows guards no knock; it guards that a further run goes on where this one stopped. As long as step 2 is
// not complete there is a fault to be found (no ledger, or still the unusable one), and after it, until step
// 3, a ledger that lacks the marked row counts as an old one, which is kept. Each run retires again: chains
// enrolled in between may have been lost as well.
#include "base/clock.h"
#include "base/text.h"
#include "knockmgr/as_ledger_owner.h"
#include "knockmgr/families.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"
#include "store/mark.h"
#include "store/writer_lock.h"
#include "sys/file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

enum class State { whole, older, missing, foreign, unusable };

struct Finding {
    State state{};
    std::string detail; // whole: how many rows; older: since when; unusable: why
};

// What the look at the ledger's folder brings back: one of these words, and the detail after a blank.
constexpr std::array state_words{std::pair{State::whole, std::string_view("whole")},
                                 std::pair{State::older, std::string_view("older")},
                                 std::pair{State::missing, std::string_view("missing")},
                                 std::pair{State::foreign, std::string_view("foreign")},
                                 std::pair{State::unusable, std::string_view("unusable")}};

WriterLock keep_knockd_away(const Places& where) {
    try {
        return WriterLock(where.mark);
    } catch (const Locked& locked) {
        throw Error(
            fmt::format("stop knockd first (`systemctl stop otk`), also one that accepts nothing, and "
                        "run restore again: {}",
                        locked.what()));
    }
}

struct MarkOnDisk {
    std::optional<Head> head;
    bool damaged = false; // there is a file, and nobody can say what it marked
};

MarkOnDisk look_at_mark(const Places& where) {
    constexpr std::size_t largest_mark = 1U
                                         << 20; // far more than a whole one: a damaged one is looked at, too
    const auto text = read_file(where.mark, largest_mark);
    if (!text) return {};
    const auto head = parse_mark(*text);
    return {head, !head};
}

// A copy that was put back with a wrong owner is not damaged: to retire all chains for it would be a pity.
void check_owner(const std::filesystem::path& file, const std::string& shown) {
    struct stat status {};
    if (lstat(file.c_str(), &status) != 0) {
        if (errno == ENOENT) return;
        throw system_error(shown);
    }
    if (status.st_uid == geteuid()) return;
    throw Error(fmt::format("{} belongs to user {}, but knockd-validate runs as user {}: this alone keeps it "
                            "from the ledger; give it away with `chown {}:{}`, and start knockd",
                            shown, status.st_uid, geteuid(), geteuid(), getegid()));
}

bool present(const std::filesystem::path& file) {
    return std::filesystem::exists(std::filesystem::symlink_status(file));
}

// In the child. The ledger is judged as knockd judges it, and more strictly: all of its rows.
std::string judge(const std::filesystem::path& file, const Places& where, const LedgerId& id,
                  const MarkOnDisk& mark) {
    check_owner(file.parent_path(), where.ledger_db.parent_path().string());
    for (const char* part : {"", "-wal", "-shm", ".lock"})
        check_owner(file.native() + part, file.native() + part);
    if (!present(file)) return "missing";
    const WriterLock alone(file); // a knockd-validate that has not ended yet is waited for by running again
    try {
        const Ledger ledger = Ledger::open_for_reading(file);
        if (ledger.id() != id) return "foreign";
        if (const auto damage = ledger.verify({})) {
            return fmt::format("unusable row {}: {}", static_cast<std::int64_t>(damage->row), damage->what);
        }
        if (mark.damaged) return "older the mark that knockd left cannot be read, so it may be an old copy";
        if (mark.head && !ledger.contains(*mark.head)) {
            return fmt::format("older it lacks row {}, which knockd acted on",
                               static_cast<std::int64_t>(mark.head->row));
        }
        return fmt::format("whole {}", static_cast<std::int64_t>(ledger.head().row));
    } catch (const Error& fault) {
        return fmt::format("unusable {}", fault.what());
    }
}

Finding look(const Places& where) {
    const LedgerId id = read_policy(where).ledger_id(); // closed again before there is a child
    const MarkOnDisk mark = look_at_mark(where);
    const std::string directory = where.ledger_db.parent_path().string();
    if (!present(directory)) {
        throw Error(fmt::format(
            "{0} is missing; make it, for the account of [users] validate alone, and run restore again: "
            "`install -d -m 0700 -o otk -g otk {0}`",
            directory));
    }
    const std::string answer = fetched_as_ledger_owner(
        where, [&](const std::filesystem::path& ledger) { return judge(ledger, where, id, mark); });
    const std::size_t blank = std::min(answer.find(' '), answer.size());
    const auto* const word = std::find_if(state_words.begin(), state_words.end(), [&](const auto& each) {
        return each.second == std::string_view(answer).substr(0, blank);
    });
    if (word == state_words.end()) throw Error("the process that looks at the ledger answered nonsense");
    const std::string detail = printable(std::string_view(answer).substr(std::min(blank + 1, answer.size())));
    return {word->first, is_root() ? with_whole_path(detail, where) : detail};
}

std::string what_is_wrong(const Finding& found, const Places& where) {
    std::string file = where.ledger_db.string();
    switch (found.state) {
    case State::whole: return fmt::format("{} is whole", file);
    case State::older: return fmt::format("{} can be read, but is not the newest: {}", file, found.detail);
    case State::missing: return fmt::format("{} is missing", file);
    case State::foreign: return fmt::format("{} is another installation's: policy.db names another id", file);
    case State::unusable: return fmt::format("{} cannot be used: {}", file, found.detail);
    }
    return file;
}

std::size_t count_grants(const Places& where) {
    std::size_t grants = 0;
    read_policy(where).each_grant([&](const GrantDetails&) { ++grants; });
    return grants;
}

std::string question(const Finding& found, const Places& where) {
    return fmt::format(
        "{}.\n"
        "If a newer copy of the ledger exists, put that in its place instead, with its -wal file.\n"
        "Without one nobody can say which knocks were spent since, and they would be valid again. So every\n"
        "chain that was enrolled until now is retired, for good: no grant ({} in all) accepts a knock until\n"
        "`knockmgr grant renew` has given it a new chain, and all sheets are worthless. Users, commands and\n"
        "rules stay.\n"
        "Retire all chains?",
        what_is_wrong(found, where), count_grants(where));
}

// Beside the ledger, under a name that is free.
std::string name_aside(const Places& where) {
    std::string time = format_utc(SystemClock().now());
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    const std::string name = where.ledger_db.filename().string() + ".before-restore-" + time;
    std::string free = name;
    for (int more = 2; present(where.ledger_db.parent_path() / free); ++more)
        free = fmt::format("{}-{}", name, more);
    return free;
}

// The files that SQLite keeps beside it go along: it would take them for a new ledger's.
void move_aside(const Places& where, const std::string& name) {
    const int code = as_ledger_owner(where, [&](const std::filesystem::path& ledger) {
        const std::filesystem::path aside = ledger.parent_path() / name;
        for (const char* part : {"", "-wal", "-shm", "-journal"}) {
            const std::string from = ledger.native() + part;
            if (std::rename(from.c_str(), (aside.native() + part).c_str()) != 0 && errno != ENOENT)
                throw system_error("moving " + from + " aside");
        }
        return 0;
    });
    if (code != 0) throw Error(fmt::format("{} could not be moved aside", where.ledger_db.string()));
}

// Gives what was done about the ledger.
std::string replace_ledger(const Places& where, const LedgerId& id, State state) {
    if (state == State::older) return "kept: it can be read, and goes on from its newest row";
    const std::string name = name_aside(where);
    move_aside(where, name);
    create_ledger(where, id);
    if (state == State::missing) return "made anew, without rows";
    return fmt::format("made anew, without rows; the old one is {}",
                       (where.ledger_db.parent_path() / name).string());
}

void remove_mark(const Places& where) {
    if (unlink(where.mark.c_str()) != 0 && errno != ENOENT) throw system_error(where.mark.string());
}

int restore(const Invocation& invocation) {
    const Places where = invocation.where();
    check_installed(where);
    const WriterLock alone = keep_knockd_away(where);
    const Finding found = look(where);
    if (found.state == State::whole) {
        return report(
            fmt::format("the ledger is whole: {} rows, and it has the row that knockd acted on last; "
                        "nothing was changed\n",
                        found.detail));
    }
    confirm(invocation, question(found, where));
    // Each opens the policy for itself, so that no child ever has it open for change.
    const LedgerId id = read_policy(where).ledger_id();
    const std::size_t grants = count_grants(where);
    change_policy(where).retire_all_chains();
    const std::string ledger = replace_ledger(where, id, found.state);
    remove_mark(where);
    Fields done;
    done.add("was wrong", what_is_wrong(found, where));
    done.add("chains", "all retired");
    done.add("ledger", ledger);
    done.add("next",
             fmt::format("`knockmgr grant renew` for each grant ({} in all), then start knockd", grants));
    return report(done.text());
}

constexpr std::string_view restore_help =
    "The way out when knockd does not accept because ledger.db is missing, damaged, of another\n"
    "installation, or older than what knockd acted on. Where the ledger is whole it says so and changes\n"
    "nothing. Stop knockd first.\n"
    "\n"
    "Nobody can say which knocks were spent after the ledger was copied. So restore retires every\n"
    "chain that was enrolled until now: no grant accepts a knock until `knockmgr grant renew` has\n"
    "given it a new chain. Users, commands and rules stay. A ledger that cannot be used is moved\n"
    "aside, to ledger.db.before-restore-TIME; an old one that can be read is kept. Asks first, unless\n"
    "--yes. A restore that was interrupted can simply be run again.\n"
    "\n"
    "examples:\n"
    "  systemctl stop otk\n"
    "  knockmgr restore\n"
    "  knockmgr grant list                  (those that must be renewed)\n"
    "  knockmgr grant renew anna restart-web --generate --sheet anna-2.txt\n"
    "  systemctl start otk\n";

} // namespace

std::vector<Subcommand> restore_subcommands() {
    return {{"restore",
             "",
             0,
             0,
             false,
             "accept knocks again after the ledger was lost",
             restore_help,
             {{"yes", "", "do not ask"}},
             restore}};
}

} // namespace otk::knockmgr
