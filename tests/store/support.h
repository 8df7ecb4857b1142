// What the tests of lib/store share: a folder of their own, chains, grants and rows to store.
#pragma once

#include "net/request_shape.h"
#include "otp/chain.h"
#include "otp/token.h"
#include "store/ledger.h"
#include "store/policy_store.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace otk::test {

// A new folder, removed with everything in it.
class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "otk-store-XXXXXX").native();
        if (::mkdtemp(name.data()) == nullptr) throw system_error(name);
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

// What the work throws, as text; "" when it throws nothing.
template <typename Work>
std::string error_of(Work&& work) {
    try {
        std::forward<Work>(work)();
        return {};
    } catch (const Error& error) {
        return error.what();
    }
}

// Statements of somebody who goes round the library.
inline void raw(const std::filesystem::path& file, const std::string& sql) {
    SQLite::Database database(file.native(), SQLite::OPEN_READWRITE);
    database.exec("PRAGMA foreign_keys = ON");
    database.exec(sql);
}
// What SQLite says to them; "" when it obeys.
inline std::string raw_error(const std::filesystem::path& file, const std::string& sql) {
    try {
        raw(file, sql);
        return {};
    } catch (const SQLite::Exception& trouble) {
        return trouble.what();
    }
}

inline Time at_second(std::int64_t second) { return from_nanoseconds(second * 1'000'000'000 + 123'456'789); }

// The start of chain number `which`; a real chain follows from it by step().
inline Value start_of(Algorithm algorithm, std::uint64_t which) {
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < 8; ++i)
        bytes[i] = static_cast<std::uint8_t>(which >> (8 * i));
    return Value(Bytes(bytes).first(value_size(algorithm)));
}

inline Enrolment enrolment(std::uint64_t which, Count length = 100, Algorithm algorithm = Algorithm::sha256) {
    return {.algorithm = algorithm,
            .length = length,
            .seed = fmt::format("seed{:x}", which),
            .image = walk(algorithm, start_of(algorithm, which), length),
            .public_key = std::nullopt};
}

// What looks like the signed knock of a value; the signature is none.
inline std::vector<std::uint8_t> signed_request(const Value& value, std::size_t argument = 0) {
    std::vector<std::uint8_t> request(smallest_signed_knock + argument, 0x2a);
    std::copy(value.view().begin(), value.view().end(), request.begin());
    request[type_offset] = signed_knock_type;
    request[42] = static_cast<std::uint8_t>(argument >> 8);
    request[43] = static_cast<std::uint8_t>(argument);
    return request;
}

inline Grant grant(UserId user, CommandId command, std::uint64_t which) {
    Grant grant;
    grant.user = user;
    grant.command = command;
    grant.enrolment = enrolment(which);
    grant.chain = chain_id(grant.enrolment);
    grant.created = at_second(1000);
    return grant;
}

inline Command command(std::string_view name) {
    Command command;
    command.name = name;
    command.argv = {"/usr/bin/touch", "{address}"};
    command.run_as = "nobody";
    return command;
}

inline constexpr LedgerId ledger_id{0x1e, 0xd9, 0xe7, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
inline constexpr ServerId server_id{0x5e, 0x57, 0xe7, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

// The row of knock `count` of a chain, spent.
inline Row accepted(const ChainId& chain, const Value& value, Count count) {
    Row row;
    row.at = at_second(2000);
    row.kind = RowKind::accepted;
    row.grant = GrantId{7};
    row.chain = chain;
    row.user = "anna";
    row.command = "sshd";
    row.count = count;
    row.algorithm = value.size() == 16 ? Algorithm::sha256 : Algorithm::sha1;
    row.value = value;
    row.carrier = Carrier::icmp;
    row.source = *Address::parse("192.0.2.7");
    row.address = row.source;
    return row;
}

} // namespace otk::test
