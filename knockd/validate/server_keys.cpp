#include "knockd/validate/server_keys.h"

#include "base/fd.h"
#include "base/secret.h"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {

namespace {

// 64 hex digits, a newline, and room to see that more follows.
using FileRoom = SecretArray<66>;
constexpr std::size_t digits = 64;

Error wrong(const std::filesystem::path& file, std::string_view why) {
    return Error(fmt::format("{}: {}; its dynamic requests are refused until it is put back, or another one "
                             "is made by `knockmgr key rotate`",
                             file.string(), why));
}

// Nowhere but in `room` and in what is returned: both wipe themselves.
ServerKey read_key(const std::filesystem::path& file) {
    const Fd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) throw wrong(file, system_error("cannot be opened").what());
    FileRoom room;
    std::size_t size = 0;
    for (ssize_t got = 1; got > 0 && size < room.view().size(); size += static_cast<std::size_t>(got)) {
        got = read(fd.get(), room.fill().data() + size, room.view().size() - size);
        if (got < 0) throw wrong(file, system_error("cannot be read").what());
    }
    SecretArray<32> key;
    const std::string_view text = as_text(room.view());
    const bool well =
        size == digits + 1 && text[digits] == '\n' && secret_from_hex(text.substr(0, digits), key.fill());
    if (!well) throw wrong(file, "is not 64 hex digits and a newline");
    return ServerKey::from_bytes(std::move(key));
}

ServerKeys::InForce key_of(const std::filesystem::path& folder, const ServerKeyRecord& record) {
    const auto file = folder / fmt::format("{}.key", record.id);
    ServerKeys::InForce made{record.id, read_key(file), record.ends};
    if (made.key.public_key() != record.public_half)
        throw wrong(file, fmt::format("is not the private half of key {} in policy.db", record.id));
    return made;
}

} // namespace

std::vector<std::string> ServerKeys::load(const PolicyStore& policy, Time now) {
    std::vector<InForce> loaded;
    std::vector<std::string> troubles;
    for (const ServerKeyRecord& record : policy.server_keys()) {
        if (!in_force(record, now)) continue;
        const auto known = std::find_if(keys_.begin(), keys_.end(), [&](const InForce& each) {
            return each.id == record.id && each.key.public_key() == record.public_half;
        });
        try {
            loaded.push_back(known == keys_.end() ? key_of(folder_, record)
                                                  : InForce{record.id, std::move(known->key), record.ends});
        } catch (const Error& error) {
            troubles.emplace_back(error.what());
        }
    }
    std::reverse(loaded.begin(), loaded.end());
    keys_ = std::move(loaded);
    return troubles;
}

const std::vector<ServerKeys::InForce>& ServerKeys::at(Time now) {
    std::erase_if(keys_, [now](const InForce& each) { return each.ends && now >= *each.ends; });
    return keys_;
}

} // namespace otk
