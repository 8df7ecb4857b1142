#include "knockmgr/server_key.h"

#include "base/random.h"
#include "base/text.h"
#include "knockmgr/owned_files.h"
#include "request/dynamic.h"

#include <algorithm>
#include <unistd.h>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

constexpr std::chrono::hours soon{30 * 24};

} // namespace

std::filesystem::path server_key_file(const Places& where, std::int64_t number) {
    return where.server_keys / fmt::format("{}.key", number);
}

PublicServerKey make_server_key(const Places& where, gid_t group, std::int64_t number) {
    make_directory(where.server_keys, 0750, geteuid(), group);
    const ServerKey key = ServerKey::generate(system_random);
    write_group_file(server_key_file(where, number), secret_as_hex_line(key.bytes()).text(), group);
    return key.public_key();
}

std::optional<ServerKeyRecord> key_for_profiles(const std::vector<ServerKeyRecord>& keys, Time now) {
    std::optional<ServerKeyRecord> best;
    for (const ServerKeyRecord& key : keys) {
        if (!in_force(key, now)) continue;
        const bool lasts_longer = !best || !key.ends || (best->ends && *key.ends >= *best->ends);
        if (lasts_longer) best = key;
    }
    return best;
}

std::optional<std::string> trouble_with(const std::vector<ServerKeyRecord>& keys, const Places& where,
                                        Time now) {
    const auto best = key_for_profiles(keys, now);
    if (!best) {
        return "no server key is in force, so every dynamic request is refused; `knockmgr key rotate` makes "
               "one, "
               "and users need new profiles (`knockmgr grant profile`)";
    }
    for (const ServerKeyRecord& key : keys) {
        std::error_code unknown; // who may not look cannot be told that it is missing
        const std::filesystem::path file = server_key_file(where, key.id);
        if (in_force(key, now) && !std::filesystem::exists(file, unknown) && !unknown) {
            return fmt::format(
                "the file of server key {} is missing: put {} back from a backup, or make a new "
                "key with `knockmgr key rotate --overlap none`",
                key.id, file.string());
        }
    }
    if (best->ends && *best->ends - now < soon) {
        return fmt::format("the last server key ends at {}; `knockmgr key rotate` makes the next one, which "
                           "users need new profiles for",
                           format_utc(*best->ends));
    }
    return std::nullopt;
}

} // namespace otk::knockmgr
