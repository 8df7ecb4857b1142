// The hash of a row, recomputed from the columns alone, as docs/FORMAT.md describes it.

#include "tests/store/support.h"

#include <doctest/doctest.h>
#include <openssl/sha.h>

using namespace otk;
using namespace otk::test;

namespace {

void add_field(std::string& message, const std::string& bytes) {
    for (const int shift : {24, 16, 8, 0})
        message += static_cast<char>(bytes.size() >> shift);
    message += bytes;
}

// Knows no Row: only that an integer is 8 bytes, and that everything else is its bytes.
RowHash hash_of_columns(const RowHash& previous, SQLite::Statement& row) {
    std::string message(previous.begin(), previous.end());
    for (int i = 0; i < row.getColumnCount(); ++i) {
        const SQLite::Column column = row.getColumn(i);
        if (std::string_view(column.getName()) == "hash") continue;
        if (!column.isInteger()) {
            add_field(message, column.getString());
            continue;
        }
        std::string bytes;
        for (int shift = 56; shift >= 0; shift -= 8)
            bytes += static_cast<char>(column.getInt64() >> shift);
        add_field(message, bytes);
    }
    RowHash hash{};
    SHA256(as_bytes(message).data(), message.size(), hash.data());
    return hash;
}

std::vector<Row> rows_of_all_sorts() {
    const Enrolment chain = enrolment(1);
    std::vector<Row> rows(1);
    rows[0].kind = RowKind::started;
    rows[0].text = std::string("zero \0 \xc3\xa4", 9);
    rows.push_back(accepted(chain_id(chain), start_of(Algorithm::sha256, 4), 12));
    rows.push_back(accepted(chain_id(chain), start_of(Algorithm::sha1, 4), 11));
    rows.back().source = *Address::parse("2001:db8::2");
    rows.back().named = *Address::parse("198.51.100.2");
    rows.back().jumped = 3;
    rows.emplace_back();
    rows.back().kind = RowKind::ended;
    rows.back().of = RowNumber{3};
    rows.back().outcome = Outcome::not_started;
    rows.back().status = -2;
    rows.back().duration = std::chrono::milliseconds(77);
    rows.back().at = at_second(-1);
    rows.push_back(accepted(chain_id(chain), start_of(Algorithm::sha256, 5), 10));
    rows.back().kind = RowKind::resynced;
    rows.back().carrier = {};
    rows.emplace_back();
    rows.back().kind = RowKind::undo;
    rows.back().of = RowNumber{3};
    rows.emplace_back();
    rows.back().kind = RowKind::ended;
    rows.back().of = RowNumber{7};
    rows.back().outcome = Outcome::closed;
    rows.push_back(accepted(chain_id(chain), start_of(Algorithm::sha256, 6), 9));
    rows.back().kind = RowKind::not_signed;
    rows.back().refusal = Refusal::signature_wrong;
    rows.back().request = signed_request(rows.back().value);
    return rows;
}

} // namespace

TEST_CASE("the stored hashes are those of the stored columns in order, each with its length") {
    const Folder folder;
    Ledger::create(folder / "ledger.db", ledger_id, at_second(1));
    {
        Ledger ledger = Ledger::open(folder / "ledger.db");
        for (Row& row : rows_of_all_sorts()) {
            ledger.begin();
            ledger.append(row);
            ledger.commit();
        }
    }
    SQLite::Database database((folder / "ledger.db").native(), SQLite::OPEN_READONLY);
    SQLite::Statement select(
        database, "SELECT number, at, kind, of, \"grant\", chain, user, command, count, jumped, "
                  "algorithm, value, carrier, source, source_port, named, address, refusal, outcome, "
                  "status, duration, text, request, hash FROM event ORDER BY number");
    RowHash previous{};
    int rows = 0;
    for (; select.executeStep(); ++rows) {
        previous = hash_of_columns(previous, select);
        const SQLite::Column stored = select.getColumn("hash");
        CHECK(stored.getString() == std::string(previous.begin(), previous.end()));
    }
    CHECK(rows == 9);
}

TEST_CASE("every field, and the row before, counts") {
    const Row plain = accepted(chain_id(enrolment(1)), start_of(Algorithm::sha256, 4), 12);
    std::vector<Row> rows(23, plain);
    std::size_t i = 1;
    rows[i++].number = RowNumber{5};
    rows[i++].at += std::chrono::nanoseconds(1);
    rows[i++].kind = RowKind::refused;
    rows[i++].of = RowNumber{1};
    rows[i++].grant = GrantId{8};
    rows[i++].chain[31] ^= 1;
    rows[i++].user = "ann";
    rows[i++].command = "asshd"; // with the user before: the same letters in another place
    rows[i++].count = 13;
    rows[i++].jumped = 1;
    rows[i++].algorithm = Algorithm::sha1;
    rows[i++].value = start_of(Algorithm::sha256, 5);
    rows[i++].carrier = Carrier::udp;
    rows[i++].source = *Address::parse("192.0.2.8");
    rows[i++].source_port = 1;
    rows[i++].named = *Address::parse("192.0.2.7");
    rows[i++].address = Address{};
    rows[i++].refusal = Refusal::expired;
    rows[i++].outcome = Outcome::exited;
    rows[i++].status = 1;
    rows[i++].text = " ";
    rows[i++].request = signed_request(plain.value);
    REQUIRE(i == rows.size());
    rows.push_back(plain);
    rows.back().duration = std::chrono::milliseconds(1);
    rows.push_back(plain);
    rows.back().user = "ann";
    rows.back().command = "asshd";

    std::vector<RowHash> hashes;
    for (const Row& row : rows)
        hashes.push_back(hash_of({}, row));
    RowHash other{};
    other[0] = 1;
    hashes.push_back(hash_of(other, plain));
    std::sort(hashes.begin(), hashes.end());
    CHECK(std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end());
    CHECK(hash_of({}, plain) == hash_of({}, rows[0]));
}
