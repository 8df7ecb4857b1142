// The server's own X25519 keys (DESIGN 6): the private half in a file that knockd-validate reads, the public
// half in policy.db and in the profiles of those who use dynamic mode.
#pragma once

#include "config/config.h"
#include "store/policy_store.h"

#include <filesystem>
#include <optional>

namespace otk::knockmgr {

[[nodiscard]] std::filesystem::path server_key_file(const Places& where, std::int64_t number);

// Makes the private half of that number, whose file is on the disk when this returns, and the directory where
// it is missing; a file that is there is of a key that was never enrolled, and is replaced. For
// PolicyStore::add_server_key(). Throws Error.
[[nodiscard]] PublicServerKey make_server_key(const Places& where, gid_t group, std::int64_t number);

// The key that new profiles are made with: the newest in force, and of those that end the one that ends last.
[[nodiscard]] std::optional<ServerKeyRecord> key_for_profiles(const std::vector<ServerKeyRecord>& keys,
                                                              Time now);

// Why dynamic mode does not work, or soon will not, for want of a key: one line with what to do. Nothing when
// all is well.
[[nodiscard]] std::optional<std::string> trouble_with(const std::vector<ServerKeyRecord>& keys,
                                                      const Places& where, Time now);

} // namespace otk::knockmgr
