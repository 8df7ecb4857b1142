// knockmgr doors ...: what is open now, for whom and for how long; ending it early; asking by script.
#include "base/clock.h"
#include "base/text.h"
#include "knockmgr/daemon.h"
#include "knockmgr/doors_view.h"
#include "knockmgr/families.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"

#include <algorithm>
#include <limits>
#include <set>
#include <thread>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

// PORT, PORT/tcp or PORT/udp.
std::optional<Service> service_argument(const std::string& text) {
    return parse_service(text.find('/') == std::string::npos ? text + "/tcp" : text);
}

// As TCP wrappers and PAM give it: a link-local address comes with the name of its interface.
std::optional<Address> address_argument(const std::string& text) {
    return Address::parse(std::string_view(text).substr(0, text.find('%')));
}

int say_allowed(const Invocation& invocation, const Address& address, const Service& service, bool allowed) {
    if (invocation.has("quiet")) return allowed ? 0 : 1;
    if (invocation.json()) {
        print_json({{"address", address.text()}, {"port", format_service(service)}, {"allowed", allowed}});
    } else {
        print(fmt::format("{} is {} for {}\n", format_service(service), allowed ? "open" : "not open",
                          address.text()));
    }
    return allowed ? 0 : 1;
}

// For scripts, and for any user that can read the list; whoever cannot is not let in.
int answer_allows(const Invocation& invocation) {
    const std::string asked = invocation.value("allows").value_or("");
    if (invocation.arguments.empty()) throw UsageError("--allows needs an address and a port");
    const auto address = address_argument(asked);
    const auto service = service_argument(invocation.arguments[0]);
    if (!address)
        throw UsageError(fmt::format("--allows {} is no address; a name is not looked up", printable(asked)));
    if (!service) {
        throw UsageError(
            fmt::format("{} is no port; write 22 or 51820/udp", printable(invocation.arguments[0])));
    }
    try {
        const auto doors = read_doors(invocation.where());
        return say_allowed(invocation, *address, *service,
                           doors && allows(*doors, *address, *service, SystemClock().now()));
    } catch (const UsageError&) {
        throw;
    } catch (const Error&) {
        if (!invocation.has("quiet")) throw;
        return 1;
    }
}

int list_doors(const Invocation& invocation) {
    const Places where = invocation.where();
    auto doors = read_doors(where).value_or(std::vector<DoorListed>{});
    const Daemon daemon = ask_daemon(where);
    const Time now = SystemClock().now();
    // Nobody takes a door out of the list that has closed since knockd ended; an undo still waits.
    if (!daemon.running) {
        std::erase_if(doors, [&](const DoorListed& door) {
            return door.kind != CommandKind::exec && door.until <= now;
        });
    }
    if (invocation.json()) {
        if (!daemon.running) warn(not_running_text(doors));
        return print_json(json_of(doors, now));
    }
    if (!daemon.running) print(not_running_text(doors) + "\n");
    Table table({"ROW", "USER", "COMMAND", "WHAT", "LEFT"});
    for (const DoorListed& door : doors)
        table.add({std::to_string(door.row), door.user, door.command, what_of(door), left_text(door, now)});
    return print(table.text("nothing is open"));
}

int doors(const Invocation& invocation) {
    if (invocation.has("allows")) return answer_allows(invocation);
    if (!invocation.arguments.empty()) {
        throw UsageError(fmt::format("'{}' makes no sense here; `knockmgr doors close {}` ends a door",
                                     printable(invocation.arguments[0]), printable(invocation.arguments[0])));
    }
    if (invocation.has("quiet")) throw UsageError("--quiet goes with --allows only");
    return list_doors(invocation);
}

// Those that the arguments mean; Error when there are none.
std::vector<DoorListed> chosen(const Invocation& invocation, const std::vector<DoorListed>& open) {
    const std::vector<std::string>& names = invocation.arguments;
    const bool all = invocation.has("all");
    if (names.empty() != all) {
        throw UsageError(all ? "--all ends every door, and takes no name"
                             : "say which: a row, a user, a user and a command, or --all");
    }
    const bool by_row = !names.empty() && is_digit(names[0].front());
    const auto row =
        by_row ? parse_decimal(names[0], std::numeric_limits<std::int64_t>::max()) : std::nullopt;
    if (by_row && (!row || names.size() > 1)) {
        throw UsageError(fmt::format("'{}' is no row; a row stands alone", printable(names.back())));
    }
    std::vector<DoorListed> found;
    std::copy_if(open.begin(), open.end(), std::back_inserter(found), [&](const DoorListed& door) {
        if (row) return door.row == static_cast<std::int64_t>(*row);
        if (!names.empty() && door.user != names[0]) return false;
        return names.size() < 2 || door.command == names[1];
    });
    return found;
}

// A slip of the pen is no user without doors.
[[noreturn]] void refuse_nothing(const Invocation& invocation) {
    const std::vector<std::string>& names = invocation.arguments;
    if (!names.empty() && !is_digit(names[0].front())) {
        const PolicyStore store = read_policy(invocation.where());
        (void)user_called(store, names[0]);
        if (names.size() > 1) (void)command_called(store, names[1]);
    }
    throw Error("nothing of that kind is open; `knockmgr doors` lists what is");
}

void confirm_closing(const Invocation& invocation, const std::vector<DoorListed>& doors) {
    std::string question;
    for (const DoorListed& door : doors)
        question += fmt::format("row {}: {}/{}: {}\n", door.row, door.user, door.command, what_of(door));
    confirm(invocation, question + (doors.size() == 1 ? "End this now?" : "End all of these now?"));
}

void request_closing(const Places& where, const std::vector<DoorListed>& doors) {
    PolicyStore store = change_policy(where);
    for (const DoorListed& door : doors) {
        Request request;
        request.kind = Request::Kind::close;
        request.row = door.row;
        (void)store.add_request(request);
    }
}

// Returns when none of them is listed any more, or patience is over; those that still are.
std::set<std::int64_t> wait_until_closed(const Places& where, const std::vector<DoorListed>& doors) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (;;) {
        std::set<std::int64_t> still;
        const auto listed = read_doors(where).value_or(std::vector<DoorListed>{});
        for (const DoorListed& door : doors) {
            const bool open = std::any_of(listed.begin(), listed.end(),
                                          [&](const DoorListed& each) { return each.row == door.row; });
            if (open) still.insert(door.row);
        }
        if (still.empty() || std::chrono::steady_clock::now() >= end) return still;
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
}

int close(const Invocation& invocation) {
    const Places where = invocation.where();
    const auto open = read_doors(where).value_or(std::vector<DoorListed>{});
    const std::vector<DoorListed> doors = chosen(invocation, open);
    if (doors.empty()) refuse_nothing(invocation);
    confirm_closing(invocation, doors);
    request_closing(where, doors);
    const Daemon daemon = ask_daemon(where);
    if (!daemon.running) {
        throw Error(not_running_text(doors) + ". knockd ends this as soon as it runs: start it");
    }
    const std::set<std::int64_t> still = wait_until_closed(where, doors);
    for (const DoorListed& door : doors) {
        const std::string name =
            fmt::format("row {}: {}/{}: {}", door.row, door.user, door.command, what_of(door));
        const std::string_view became = still.contains(door.row)         ? "is STILL there"
                                        : door.kind == CommandKind::exec ? "is run now"
                                                                         : "is closed";
        report(fmt::format("{} {}\n", name, became));
    }
    if (still.empty()) return 0;
    throw Error(fmt::format("knockd did not end {} within {} s; it will as soon as it accepts knocks again. "
                            "`knockmgr status` and the journal say what is wrong",
                            counted(still.size(), "door"), patience.count()));
}

constexpr std::string_view doors_help =
    "Lists what knocks have opened and what waits to be undone: the row of the knock in the ledger,\n"
    "the user, the command, which port for whom, and how much time is left.\n"
    "\n"
    "--allows answers a script: exit code 0 when an open door lets that address in to that port now,\n"
    "else 1. It needs no rights but to read the list, and no database.\n"
    "\n"
    "examples:\n"
    "  knockmgr doors\n"
    "  knockmgr doors --json\n"
    "  knockmgr doors --allows 203.0.113.7 22 && echo 'may come in'\n"
    "  knockmgr doors --quiet --allows 2001:db8::7 51820/udp\n"
    "in /etc/hosts.allow, for a service that uses TCP wrappers:\n"
    "  sshd: ALL: aclexec /usr/sbin/knockmgr doors --quiet --allows %a 22\n";

constexpr std::string_view close_help =
    "Ends doors before their time: that of a row, all of a user, all of a user's command, or --all.\n"
    "Nobody new gets in; connections that were made live on. What waits to be undone is undone now.\n"
    "Asks first, unless --yes.\n"
    "\n"
    "examples:\n"
    "  knockmgr doors close 17\n"
    "  knockmgr doors close anna\n"
    "  knockmgr doors close anna sshd --yes\n"
    "  knockmgr doors close --all\n";

} // namespace

std::vector<Subcommand> doors_subcommands() {
    return {{"doors",
             "[--allows ADDRESS PORT[/udp]]",
             0,
             1,
             false,
             "list what is open, or ask whether it lets somebody in",
             doors_help,
             {{"allows", "ADDRESS", "with PORT: does an open door let this address in? by exit code"},
              {"quiet", "", "with --allows: print nothing"},
              {"json", "", "print JSON; times in UTC"}},
             doors},
            {"doors close",
             "[ROW | USER [COMMAND]]",
             0,
             2,
             false,
             "end what is open before its time",
             close_help,
             {{"all", "", "every door, and every undo that waits"}, {"yes", "", "do not ask"}},
             close}};
}

} // namespace otk::knockmgr
