// The server's own keys, their public halves: reading and changing.

#include "base/text.h"
#include "store/columns.h"
#include "store/policy_inside.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk {

namespace {

std::vector<ServerKeyRecord> read_keys(const Database& database) {
    SQLite::Statement select(database.sqlite(),
                             "SELECT id, public, created, ends FROM server_key ORDER BY id");
    std::vector<ServerKeyRecord> keys;
    while (select.executeStep()) {
        const auto public_half = array_of<32>(select.getColumn(1));
        if (!public_half) throw database.damaged("a server key has a wrong size");
        ServerKeyRecord key{.id = select.getColumn(0).getInt64(),
                            .public_half = *public_half,
                            .created = from_nanoseconds(select.getColumn(2).getInt64()),
                            .ends = std::nullopt};
        const SQLite::Column ends = select.getColumn(3);
        if (!ends.isNull()) key.ends = from_nanoseconds(ends.getInt64());
        keys.push_back(key);
    }
    return keys;
}

std::string name_of(const ServerKeyRecord& key) { return std::to_string(key.id); }

} // namespace

std::vector<ServerKeyRecord> PolicyStore::server_keys() const {
    return inside_->database.doing("read the server keys", [&] { return read_keys(inside_->database); });
}

void PolicyStore::Inside::end_key(const ServerKeyRecord& before, Time ends) const {
    ServerKeyRecord after = before;
    // A clock that was set back may show a time before the key was made; it never counts then.
    after.ends = std::max(ends, before.created);
    if (before.ends && *after.ends > *before.ends) {
        throw Error(fmt::format("server key {} ends at {} already, and can only end earlier", before.id,
                                format_utc(*before.ends)));
    }
    SQLite::Statement update = prepare("UPDATE server_key SET ends = ? WHERE id = ?");
    bind_time(update, 1, after.ends);
    update.bind(2, before.id);
    update.exec();
    record("key end", name_of(before), to_json(before), to_json(after));
}

std::int64_t PolicyStore::add_server_key(const std::function<PublicServerKey(std::int64_t number)>& make,
                                         std::optional<Time> others_end) {
    return inside_->change("add a server key", [&] {
        const std::vector<ServerKeyRecord> others = read_keys(inside_->database);
        ServerKeyRecord key;
        key.id = others.empty() ? 1 : others.back().id + 1;
        key.created = inside_->clock->now();
        key.public_half = make(key.id);
        SQLite::Statement insert =
            inside_->prepare("INSERT INTO server_key (id, public, created) VALUES (?, ?, ?)");
        insert.bind(1, key.id);
        bind_bytes(insert, 2, key.public_half);
        bind_time(insert, 3, key.created);
        insert.exec();
        inside_->record("key add", name_of(key), nullptr, to_json(key));
        for (const ServerKeyRecord& other : others) {
            if (others_end && (!other.ends || *others_end < *other.ends))
                inside_->end_key(other, *others_end);
        }
        return key.id;
    });
}

void PolicyStore::end_server_key(std::int64_t id, Time ends) {
    inside_->change("end a server key", [&] {
        for (const ServerKeyRecord& key : read_keys(inside_->database)) {
            if (key.id == id) return inside_->end_key(key, ends);
        }
        throw Error(fmt::format("there is no server key number {}", id));
    });
}

} // namespace otk
