// knockmgr init: an installation from nothing. policy.db appears last and whole: as long as it is not there,
// init may be run again, and continues; once it is there, init refuses.
#include "base/fd.h"
#include "base/random.h"
#include "knockmgr/as_ledger_owner.h"
#include "knockmgr/as_ledger_reader.h"
#include "knockmgr/families.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"
#include "knockmgr/owned_files.h"
#include "knockmgr/server_key.h"
#include "sys/file.h"
#include "sys/privileges.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

// Whom the directories belong to; nothing without root, where everything is the caller's.
struct Owners {
    std::optional<Account> validate;
};

Account existing_account(const std::string& name, const Places& where) {
    if (auto account = find_account(name)) return *account;
    throw Error(fmt::format(
        "there is no system account '{}', which knockd's processes need; make it with "
        "`useradd --system --no-create-home --shell /usr/sbin/nologin {}` (or run systemd-sysusers "
        "with the file that otk ships), or name another under [users] in {}",
        name, name, where.config.string()));
}

Owners find_owners(const Config& config, const Places& where) {
    if (!is_root()) return {};
    (void)existing_account(config.users.capture, where);
    return {existing_account(config.users.validate, where)};
}

void make_state_directory(const Places& where) {
    try {
        make_directory(where.state, 0755, geteuid(), getegid());
    } catch (const Error& fault) {
        throw Error(
            fmt::format("{}; run init as root, or choose a directory of your own with --dir", fault.what()));
    }
}

void make_directories(const Places& where, const Owners& owners) {
    const uid_t uid = owners.validate ? owners.validate->uid : geteuid();
    const gid_t gid = owners.validate ? owners.validate->gid : getegid();
    std::error_code fault; // what cannot be made here is reported by the next line
    std::filesystem::create_directories(where.state.parent_path(), fault);
    make_state_directory(where);
    make_directory(where.policy_db.parent_path(), 0750, geteuid(), gid);
    make_directory(where.ledger_db.parent_path(), 0700, uid, gid);
    // Everybody may ask which doors are open, and whether knockd runs; the rest there is for root alone.
    make_directory(where.status.parent_path(), 0711, geteuid(), getegid());
}

// One init at a time; the lock goes when the process ends.
Fd lock(const std::filesystem::path& directory) {
    Fd opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened) throw system_error(directory.string());
    // By number: the system's header of flock(2) has the name of one of ours, which the compiler finds first.
    if (syscall(SYS_flock, opened.get(), LOCK_EX | LOCK_NB) != 0) {
        throw Error(fmt::format("{}: another `knockmgr init` is at work", directory.string()));
    }
    return opened;
}

LedgerId parse_id(const std::string& text, const std::filesystem::path& file) {
    LedgerId id{};
    if (text.size() != id.size()) throw Error(file.string() + ": the ledger has no id");
    std::copy(text.begin(), text.end(), id.begin());
    return id;
}

// An init that did not come to its end may have left a ledger in which nothing has happened yet: that one is
// taken. One in which something has happened belongs to a policy that got lost, and is not for init to touch.
LedgerId id_of_left_ledger(const Places& where) {
    const std::string id = fetched_from_ledger(where, [&](const Ledger& ledger) {
        if (ledger.head().row > RowNumber{1}) return std::string();
        return std::string(as_text(ledger.id()));
    });
    if (id.empty()) {
        throw Error(fmt::format(
            "{} records knocks, but {} is missing: put the policy back from a backup; or, to begin "
            "anew, move {} away and run init again",
            where.ledger_db.string(), where.policy_db.string(), where.state.string()));
    }
    return parse_id(id, where.ledger_db);
}

LedgerId ledger_of_this_installation(const Places& where) {
    if (std::filesystem::exists(where.ledger_db)) return id_of_left_ledger(where);
    if (std::filesystem::exists(where.mark)) {
        throw Error(
            fmt::format("{} belongs to an earlier installation whose ledger is gone; to begin anew, move {} "
                        "away and run init again",
                        where.mark.string(), where.state.string()));
    }
    LedgerId id{};
    system_random(id);
    create_ledger(where, id);
    return id;
}

// Under another name until its owner is right, too: the name policy.db says that all is done. The first
// server key is in it; its file was written before, by this init or by one that was interrupted and does not
// count.
void create_policy(const Places& where, const Owners& owners, const LedgerId& ledger) {
    ServerId server{};
    system_random(server);
    const std::filesystem::path file = where.policy_db.string() + ".unfinished";
    PolicyStore::remove(file); // of an init that was interrupted here
    const gid_t gid = owners.validate ? owners.validate->gid : getegid();
    {
        PolicyStore closed_at_once = PolicyStore::create(file, server, ledger, who_asks());
        (void)closed_at_once.add_server_key(
            [&](std::int64_t number) { return make_server_key(where, gid, number); });
    }
    if (is_root() && chown(file.c_str(), 0, gid) != 0) throw system_error("owner of " + file.string());
    if (rename(file.c_str(), where.policy_db.c_str()) != 0) throw system_error("renaming " + file.string());
}

bool write_config(const std::filesystem::path& file) {
    if (std::filesystem::exists(file)) return false;
    std::filesystem::create_directories(file.parent_path());
    replace_file(file, default_config_text(), 0644, true);
    return true;
}

int init(const Invocation& invocation) {
    const Places where = invocation.where();
    std::error_code unreadable; // then the directories cannot be made either, and that says why
    if (std::filesystem::exists(where.policy_db, unreadable)) {
        throw Error(fmt::format(
            "{} exists: there is an installation already, and nothing was changed; to begin anew, "
            "move {} away first",
            where.policy_db.string(), where.state.string()));
    }
    if (!std::filesystem::exists(where.ledger_db, unreadable))
        PolicyStore::check_nothing_left(where.policy_db);
    const bool configured = std::filesystem::exists(where.config, unreadable);
    const Config config = configured ? load_config(where.config) : Config{};
    const Owners owners = find_owners(config, where);
    umask(022);
    make_directories(where, owners);
    const Fd locked = lock(where.state);
    if (std::filesystem::exists(where.policy_db))
        throw Error("another `knockmgr init` was faster; all is done");
    const bool wrote_config = write_config(where.config);
    const LedgerId ledger = ledger_of_this_installation(where);
    PolicyStore::check_nothing_left(where.policy_db);
    create_policy(where, owners, ledger);
    return report(
        fmt::format("policy         {}\nledger         {}\nserver key     {}\nconfiguration  {}{}\n\n"
                    "next: knockmgr user add NAME\n",
                    where.policy_db.string(), where.ledger_db.string(), server_key_file(where, 1).string(),
                    where.config.string(), wrote_config ? "" : " (was there already, left as it is)"));
}

constexpr std::string_view init_help =
    "Makes the databases, a server key and, unless there is one, a documented otk.toml. As root the\n"
    "accounts that otk.toml names under [users] must exist; the ledger will belong to the first of\n"
    "them. Refuses, and changes nothing, where an installation exists. An init that was interrupted\n"
    "can simply be run again.\n"
    "\n"
    "examples:\n"
    "  knockmgr init\n"
    "  knockmgr init --dir ~/otk-try        (everything below one directory, without root)\n";

} // namespace

std::vector<Subcommand> init_subcommands() {
    return {{"init", "", 0, 0, false, "make a new installation", init_help, {}, init}};
}

} // namespace otk::knockmgr
