#include "store/ledger_rows.h"

#include "net/request_shape.h"
#include "store/columns.h"

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::string_view row_columns =
    "number, at, kind, of, grant, chain, user, command, count, jumped, algorithm, value, carrier, source, "
    "source_port, named, address, refusal, outcome, status, duration, text, request, hash";

bool in_range(std::int64_t number, std::int64_t smallest, std::int64_t largest) {
    return number >= smallest && number <= largest;
}

std::optional<Value> read_value(const SQLite::Column& column) {
    const Bytes bytes = bytes_of(column);
    if (bytes.empty()) return Value{};
    if (bytes.size() != 8 && bytes.size() != 16) return std::nullopt;
    return Value(bytes);
}

std::optional<ChainId> read_chain(const SQLite::Column& column) {
    if (bytes_of(column).empty()) return ChainId{};
    const auto chain = array_of<32>(column);
    if (!chain || *chain == ChainId{}) return std::nullopt;
    return chain;
}

// The signed knock or dynamic request that the value came in, if any.
bool read_request(const SQLite::Column& column, Row& row) {
    const Bytes bytes = bytes_of(column);
    if (bytes.empty()) return true;
    if (!looks_signed(bytes) && !looks_like_dynamic_request(bytes)) return false;
    if (row.value.size() != type_offset || Value(bytes.first(type_offset)) != row.value) return false;
    row.request.assign(bytes.begin(), bytes.end());
    return true;
}

// The numbers that fit their types and enums, one by one.
std::optional<std::string> read_numbers(SQLite::Statement& select, Row& row) {
    const auto number = [&](int column) { return select.getColumn(column).getInt64(); };
    if (!in_range(number(2), 1, static_cast<int>(RowKind::not_signed))) return "its kind is not known";
    if (!in_range(number(8), 0, longest_chain) || !in_range(number(9), 0, longest_chain))
        return "a count is too large";
    if (!in_range(number(10), 0, static_cast<int>(Algorithm::sha256))) return "its algorithm is not known";
    if (!in_range(number(12), 0, static_cast<int>(Carrier::dns))) return "its carrier is not known";
    if (!in_range(number(14), 0, UINT16_MAX)) return "its port is not one";
    if (!in_range(number(17), 0, UINT8_MAX)) return "its refusal is not known";
    if (!in_range(number(18), 0, static_cast<int>(Outcome::no_syns))) return "its outcome is not known";
    row.number = RowNumber{number(0)};
    row.at = from_nanoseconds(number(1));
    row.kind = static_cast<RowKind>(number(2));
    row.of = RowNumber{number(3)};
    row.grant = GrantId{number(4)};
    row.count = static_cast<Count>(number(8));
    row.jumped = static_cast<Count>(number(9));
    row.algorithm = static_cast<Algorithm>(number(10));
    row.carrier = static_cast<Carrier>(number(12));
    row.source_port = static_cast<std::uint16_t>(number(14));
    row.refusal = static_cast<Refusal>(number(17));
    row.outcome = static_cast<Outcome>(number(18));
    row.status = number(19);
    row.duration = std::chrono::milliseconds(number(20));
    return std::nullopt;
}

} // namespace

std::optional<Address> read_address(const SQLite::Column& column) {
    const Bytes bytes = bytes_of(column);
    if (bytes.empty()) return Address{};
    Address address;
    if (bytes.size() == 4)
        address = Address::ipv4(bytes.first<4>());
    else if (bytes.size() == 16)
        address = Address::ipv6(bytes.first<16>());
    // A mapped address would turn into another one, with another hash: no otk wrote it.
    if (address.bytes().size() != bytes.size()) return std::nullopt;
    return address;
}

std::string select_rows(std::string_view rest) {
    return fmt::format("SELECT {} FROM event {}", row_columns, rest);
}

void lend_row(SQLite::Statement& insert, const Row& row, const RowHash& hash) {
    insert.bind(1, number_of(row.number));
    bind_time(insert, 2, row.at);
    insert.bind(3, number_of(row.kind));
    insert.bind(4, number_of(row.of));
    insert.bind(5, number_of(row.grant));
    lend_bytes(insert, 6, row.chain == ChainId{} ? Bytes{} : Bytes(row.chain));
    insert.bindNoCopy(7, row.user);
    insert.bindNoCopy(8, row.command);
    insert.bind(9, row.count);
    insert.bind(10, row.jumped);
    insert.bind(11, number_of(row.algorithm));
    lend_bytes(insert, 12, row.value.view());
    insert.bind(13, number_of(row.carrier));
    lend_bytes(insert, 14, row.source.bytes());
    insert.bind(15, std::int32_t{row.source_port});
    lend_bytes(insert, 16, row.named.bytes());
    lend_bytes(insert, 17, row.address.bytes());
    insert.bind(18, number_of(row.refusal));
    insert.bind(19, number_of(row.outcome));
    insert.bind(20, row.status);
    insert.bind(21, std::int64_t{row.duration.count()});
    insert.bindNoCopy(22, row.text);
    lend_bytes(insert, 23, row.request);
    lend_bytes(insert, 24, hash);
}

Result<Row, std::string> read_row(SQLite::Statement& select) {
    Row row;
    if (auto wrong = read_numbers(select, row)) return *std::move(wrong);
    const auto chain = read_chain(select.getColumn(5));
    const auto value = read_value(select.getColumn(11));
    const auto source = read_address(select.getColumn(13));
    const auto named = read_address(select.getColumn(15));
    const auto address = read_address(select.getColumn(16));
    if (!chain) return std::string("its chain has a wrong length");
    if (!value) return std::string("its knock has a wrong length");
    if (!source || !named || !address) return std::string("an address has a wrong length");
    row.chain = *chain;
    row.user = select.getColumn(6).getString();
    row.command = select.getColumn(7).getString();
    row.value = *value;
    row.source = *source;
    row.named = *named;
    row.address = *address;
    row.text = select.getColumn(21).getString();
    if (!read_request(select.getColumn(22), row)) return std::string("its request is none of its value");
    return row;
}

Row read_row_of(const Database& database, SQLite::Statement& select) {
    Result<Row, std::string> row = read_row(select);
    if (!row) {
        throw database.damaged(fmt::format("row {}: {}", select.getColumn(0).getInt64(), row.reason()));
    }
    return std::move(row).take();
}

RowHash read_hash_of(const Database& database, SQLite::Statement& select, int column) {
    const auto hash = array_of<32>(select.getColumn(column));
    if (!hash) throw database.damaged("the hash of a row has a wrong length");
    return *hash;
}

} // namespace otk
