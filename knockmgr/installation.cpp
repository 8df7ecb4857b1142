#include "knockmgr/installation.h"

#include "base/suggest.h"
#include "base/text.h"
#include "knockmgr/output.h"
#include "policy/model.h"
#include "store/mark.h"
#include "sys/file.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk::knockmgr {

bool is_root() { return geteuid() == 0; }

std::string who_asks() {
    // sudo sets the variable itself; without root there is nobody behind it.
    const char* const behind_sudo = is_root() ? std::getenv("SUDO_USER") : nullptr;
    if (behind_sudo != nullptr && *behind_sudo != '\0') return printable(behind_sudo);
    std::array<char, 4096> room{};
    struct passwd entry {};
    struct passwd* found = nullptr;
    (void)getpwuid_r(getuid(), &entry, room.data(), room.size(), &found);
    return found != nullptr ? printable(found->pw_name) : fmt::format("uid {}", getuid());
}

bool is_there(const std::filesystem::path& file) {
    if (eaccess(file.c_str(), R_OK) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw Error(fmt::format("{}; run knockmgr as root, or name an installation of your own with --dir",
                            system_error(file.string()).what()));
}

void check_installed(const Places& where) {
    if (is_there(where.policy_db)) return;
    // Where --dir was given it may hold a slip of the pen, and init needs it, too.
    const bool usual = places("").state == where.state;
    const std::string option = usual ? "" : " --dir " + shell_line({where.state.string()});
    std::error_code unreadable; // then the line above has thrown
    const bool directory = std::filesystem::is_directory(where.state, unreadable);
    throw Error(fmt::format("{}: there is no {}; `knockmgr init{}` makes an installation{}",
                            where.state.string(), directory ? "policy/policy.db in it" : "such directory",
                            option, usual ? "" : ", unless another directory was meant"));
}

namespace {

std::string advice(std::string_view name, const std::vector<std::string_view>& names,
                   std::string_view list_command) {
    const std::string_view likely = nearest(name, names);
    if (!likely.empty()) return fmt::format("did you mean '{}'?", likely);
    return fmt::format("`knockmgr {} list` shows those there are", list_command);
}

} // namespace

PolicyStore read_policy(const Places& where) {
    check_installed(where);
    // After an upgrade whoever comes first and may write does it; others are told who may.
    if (eaccess(where.policy_db.c_str(), W_OK) == 0) PolicyStore::bring_up_to_date(where.policy_db);
    return PolicyStore::open_for_reading(where.policy_db);
}

PolicyStore change_policy(const Places& where) {
    check_installed(where);
    return PolicyStore::open_for_change(where.policy_db, who_asks());
}

std::optional<Head> read_mark(const Places& where) {
    constexpr std::size_t largest_mark = 4096;
    const auto text = read_file(where.mark, largest_mark);
    if (!text) return std::nullopt;
    const auto head = parse_mark(*text);
    if (!head) {
        throw Error(
            fmt::format("{}: this is not knockd's mark of the ledger; the journal has older ones, for "
                        "--anchor",
                        where.mark.string()));
    }
    return head;
}

User user_called(const PolicyStore& store, const std::string& name) {
    if (auto user = store.user_named(name)) return *user;
    const std::vector<User> users = store.users();
    std::vector<std::string_view> names;
    for (const User& user : users)
        names.push_back(user.name);
    throw Error(fmt::format("there is no user '{}'; {}", printable(name), advice(name, names, "user")));
}

Command command_called(const PolicyStore& store, const std::string& name) {
    if (auto command = store.command_named(name)) return *command;
    const std::vector<Command> commands = store.commands();
    std::vector<std::string_view> names;
    for (const Command& command : commands)
        names.push_back(command.name);
    throw Error(fmt::format("there is no command '{}'; {}", printable(name), advice(name, names, "command")));
}

GrantDetails grant_called(const PolicyStore& store, const std::string& user, const std::string& command) {
    (void)user_called(store, user);
    (void)command_called(store, command);
    if (auto grant = store.grant_of(user, command)) return *grant;
    throw Error(fmt::format("{} has no grant for {}; `knockmgr grant list {}` shows those there are", user,
                            command, user));
}

void check_new_name(std::string_view kind, const std::string& name) {
    if (valid_name(name)) return;
    throw Error(
        fmt::format("'{}' cannot be the name of a {}: it has 1 to {} of the characters a-z 0-9 . _ - and "
                    "begins with a letter",
                    printable(name), kind, longest_name_of_user));
}

void confirm(const Invocation& invocation, const std::string& question) {
    if (invocation.has("yes")) return;
    if (isatty(STDIN_FILENO) == 0) {
        throw Error(
            fmt::format("{} Nobody can answer here, so nothing was done; say --yes to do it", question));
    }
    std::cerr << question << " [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (to_lower(answer) != "y" && to_lower(answer) != "yes") throw Error("nothing was done");
}

} // namespace otk::knockmgr
