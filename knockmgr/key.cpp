// knockmgr key ...: the server's own keys, for dynamic mode.
#include "base/clock.h"
#include "base/text.h"
#include "knockmgr/families.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"
#include "knockmgr/owned_files.h"
#include "knockmgr/server_key.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

constexpr std::chrono::hours usual_overlap{30 * 24};
constexpr std::chrono::hours longest_overlap{3660 * 24};
constexpr std::array overlap_choices{Choice{"none"}};

std::chrono::seconds overlap_option(const Invocation& invocation) {
    const auto text = invocation.value("overlap");
    if (!text) return usual_overlap;
    if (*text == "none") return std::chrono::seconds{0};
    const auto overlap = parse_duration(*text);
    if (!overlap || *overlap > longest_overlap) {
        throw UsageError(
            fmt::format("--overlap {} is no time between 1s and {}d; write for example 30d, or none "
                        "to end the other keys at once",
                        printable(*text), longest_overlap.count() / 24));
    }
    return *overlap;
}

std::string state_of(const ServerKeyRecord& key, Time now) {
    if (!key.ends) return "in force";
    return fmt::format("{} {}", in_force(key, now) ? "in force until" : "ended", format_utc(*key.ends));
}

std::vector<ServerKeyRecord> in_force_at(const PolicyStore& store, Time now) {
    std::vector<ServerKeyRecord> keys = store.server_keys();
    std::erase_if(keys, [now](const ServerKeyRecord& key) { return !in_force(key, now); });
    return keys;
}

bool was_among(const std::vector<ServerKeyRecord>& keys, std::int64_t id) {
    return std::any_of(keys.begin(), keys.end(), [id](const ServerKeyRecord& key) { return key.id == id; });
}

std::string_view what_users_need(bool others_were_there, std::chrono::seconds overlap) {
    if (others_were_there && overlap.count() == 0) {
        return "Nobody can use dynamic mode by the keys that ended now, nor by a profile that holds one of "
               "them: all who use it need a new line, from `knockmgr grant profile USER COMMAND`. Plain and "
               "signed knocks go on as before.\n";
    }
    return "profiles hold the server's key: those who use dynamic mode need new ones, from `knockmgr grant "
           "profile USER COMMAND`\n";
}

int rotate(const Invocation& invocation) {
    const Places where = invocation.where();
    const std::chrono::seconds overlap = overlap_option(invocation);
    PolicyStore store = change_policy(where);
    const gid_t group = validate_group(load_config(where.config), where);
    const Time now = SystemClock().now();
    const std::vector<ServerKeyRecord> before = in_force_at(store, now);
    const std::int64_t made = store.add_server_key(
        [&](std::int64_t number) { return make_server_key(where, group, number); }, now + overlap);
    std::string text = fmt::format("server key {} made\n", made);
    for (const ServerKeyRecord& key : store.server_keys()) {
        if (was_among(before, key.id)) text += fmt::format("key {}: {}\n", key.id, state_of(key, now));
    }
    text += what_users_need(!before.empty(), overlap);
    return report(text);
}

int list_keys(const Invocation& invocation) {
    const std::vector<ServerKeyRecord> keys = read_policy(invocation.where()).server_keys();
    const Time now = SystemClock().now();
    Json all = Json::array();
    Table table({"KEY", "PUBLIC", "MADE", "STATE"});
    for (const ServerKeyRecord& key : keys) {
        all.push_back({{"key", key.id},
                       {"public", to_hex(key.public_half)},
                       {"made", json_time(key.created)},
                       {"ends", json_time(key.ends)},
                       {"in_force", in_force(key, now)}});
        table.add(
            {std::to_string(key.id), to_hex(key.public_half), format_utc(key.created), state_of(key, now)});
    }
    if (invocation.json()) return print_json(all);
    return print(table.text("there is no server key; `knockmgr key rotate` makes one"));
}

ServerKeyRecord key_numbered(const PolicyStore& store, const std::string& text) {
    const auto number = parse_decimal(text, std::numeric_limits<std::int64_t>::max());
    for (const ServerKeyRecord& key : store.server_keys()) {
        if (number && static_cast<std::uint64_t>(key.id) == *number) return key;
    }
    throw Error(
        fmt::format("there is no server key {}; `knockmgr key list` shows those there are", printable(text)));
}

int end(const Invocation& invocation) {
    PolicyStore store = change_policy(invocation.where());
    const ServerKeyRecord key = key_numbered(store, invocation.arguments[0]);
    const Time now = SystemClock().now();
    if (!in_force(key, now)) return report(fmt::format("server key {} has ended already\n", key.id));
    confirm(invocation,
            fmt::format("End server key {}, so that nobody whose profile has it can use dynamic mode "
                        "before he has a new one?",
                        key.id));
    store.end_server_key(key.id, now);
    return report(fmt::format("server key {} ended\n", key.id));
}

constexpr std::string_view rotate_help =
    "Makes a new server key, which new profiles are made with. The keys before it end --overlap from\n"
    "now (default 30d); until then requests for them are taken, too, so that users can get new profiles\n"
    "in the meantime (`knockmgr grant profile`). `--overlap none` ends them at once: for a key that\n"
    "somebody else has read. Only dynamic mode needs a server key; knocks of other kinds do not.\n"
    "Takes effect in the running daemon within a second.\n"
    "\n"
    "examples:\n"
    "  knockmgr key rotate\n"
    "  knockmgr key rotate --overlap 7d\n"
    "  knockmgr key rotate --overlap none\n";

} // namespace

std::vector<Subcommand> key_subcommands() {
    return {
        {"key rotate",
         "",
         0,
         0,
         false,
         "make a new server key, and let the old ones end",
         rotate_help,
         {{"overlap", "TIME", "how long the old keys stay in force (default 30d), or {}", false,
           overlap_choices}},
         rotate},
        {"key list",
         "",
         0,
         0,
         false,
         "list the server's keys",
         "Lists the public halves of the server's keys, when they were made and until when they count.\n\n"
         "examples:\n  knockmgr key list\n  knockmgr key list --json\n",
         {{"json", "", "print JSON; times in UTC"}},
         list_keys},
        {"key end",
         "NUMBER",
         1,
         1,
         false,
         "end a server key before its time",
         "Ends a server key at once, for good: requests for it are refused. Asks first, unless --yes. For\n"
         "an old key whose users all have new profiles. Its private file may be deleted afterwards.\n\n"
         "example:\n  knockmgr key end 1\n",
         {{"yes", "", "do not ask"}},
         end},
    };
}

} // namespace otk::knockmgr
