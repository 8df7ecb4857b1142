// The schema of ledger.db refuses nonsense, also from somebody who goes round the library.

#include "tests/unit/store/ledger_statements.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

TEST_CASE("a row has fields that can be") {
    const Log log;
    const std::vector<std::pair<std::string, std::vector<std::string>>> bad{
        {"number", {"3", "1"}},
        {"hash", {"zeroblob(31)", "NULL"}},
        {"at", {"'now'"}},
        {"kind", {"0", "14"}},
        {"of", {"2", "-1"}},
        {"grant", {"-1"}},
        {"chain", {"zeroblob(32)", "randomblob(31)"}},
        {"count", {"1000001", "-1"}},
        {"jumped", {"-1"}},
        {"algorithm", {"5"}},
        {"value", {"zeroblob(15)", "zeroblob(8)"}}, // 8 bytes are not of sha256
        {"carrier", {"4"}},
        {"source", {"x'7f0000'"}},
        {"source_port", {"65536"}},
        {"named", {"zeroblob(5)"}},
        {"address", {"NULL"}},
        {"refusal", {"256"}},
        {"outcome", {"11"}},
        {"duration", {"-1"}},
        {"text", {"CAST(zeroblob(4097) AS TEXT)"}},
        {"request", {"NULL", "zeroblob(17) || zeroblob(91)"}}};
    for (const auto& each : bad) {
        for (const std::string& value : each.second) {
            CAPTURE(each.first);
            CAPTURE(value);
            CHECK(log.insert({{each.first, value}}) != "");
        }
    }
    CHECK(log.insert({}) == "");
}

TEST_CASE("names are those of users and commands") {
    const Log log;
    const std::string longest = "z" + std::string(28, '1') + "._-";
    const std::vector<std::string> bad_names{"'Anna'",
                                             "'rm -rf'",
                                             "'a' || char(0)",
                                             "'a' || char(0) || 'b'",
                                             "'{a'",
                                             "'`a'",
                                             "'1a'",
                                             "'aB'",
                                             "'\u00e9'",
                                             "'a\u00e9'",
                                             "CAST(x'6180' AS TEXT)",
                                             "CAST(x'c1a1' AS TEXT)",
                                             "'" + longest + "1'"};
    for (const char* column : {"user", "command"}) {
        for (const std::string& bad : bad_names) {
            CAPTURE(bad);
            CHECK(log.insert({{column, bad}}) != "");
        }
    }
    CHECK(log.insert({{"user", "'" + longest + "'"}, {"command", "'a'"}}) == "");
}

TEST_CASE("each kind of row has what it is about") {
    const Log log;
    for (const std::string spent : {"2", "3"}) {
        const std::string refusal = spent == "3" ? "5" : "0";
        for (const auto& field : Fields{
                 {"chain", "x''"}, {"value", "x''"}, {"count", "0"}, {"carrier", "0"}, {"algorithm", "0"}}) {
            CAPTURE(spent);
            CAPTURE(field.first);
            CHECK(log.insert({{"kind", spent}, {"refusal", refusal}, field}) != "");
        }
    }
    CHECK(log.insert({{"kind", "2"}, {"refusal", "5"}}) != ""); // accepted and refused
    CHECK(log.insert({{"kind", "3"}, {"refusal", "0"}}) != ""); // refused for no reason
    // resynced: a place in a chain, and no packet
    for (const auto& field :
         Fields{{"chain", "x''"}, {"value", "x''"}, {"count", "0"}, {"carrier", "1"}, {"algorithm", "0"}}) {
        CAPTURE(field.first);
        Fields fields{{"kind", "12"}, {"carrier", "0"}};
        fields[field.first] = field.second;
        CHECK(log.insert(fields) != "");
    }
    for (const std::string about : {"4", "5", "6", "8", "10", "11"})
        CHECK(log.insert({{"kind", about}, {"outcome", "1"}}) != "");
    CHECK(log.insert({{"kind", "4"}, {"of", "1"}, {"outcome", "0"}}) != "");
    CHECK(log.insert({{"kind", "4"}, {"of", "1"}, {"outcome", "1"}}) != ""); // the first row is no command
    CHECK(log.insert({{"kind", "3"}, {"refusal", "5"}}) == "");
    CHECK(log.insert({{"number", "3"}, {"kind", "12"}, {"carrier", "0"}}) == "");
    Fields in_vain{{"number", "4"}, {"kind", "12"},   {"carrier", "0"},  {"chain", "x''"},
                   {"count", "0"},  {"value", "x''"}, {"algorithm", "0"}};
    CHECK(log.insert(in_vain) != ""); // does not say why
    in_vain["text"] = "'it is no knock'";
    CHECK(log.insert(in_vain) == "");
}

TEST_CASE("rows and positions only move on") {
    const Log log;
    REQUIRE(log.insert({}) == "");
    CHECK(raw_error(log.file, "UPDATE event SET at = 2").find("never rewritten") != std::string::npos);
    const auto place = [&](const std::string& values) {
        return raw_error(
            log.file, fmt::format("INSERT INTO position (chain, image, count, at) VALUES ({}, 1)", values));
    };
    for (const std::string bad :
         {"zeroblob(31), zeroblob(16), 9", "zeroblob(32), zeroblob(15), 9", "zeroblob(32), zeroblob(16), 0",
          "zeroblob(32), zeroblob(16), 1000000", "NULL, zeroblob(16), 9", "zeroblob(32), NULL, 9"}) {
        CAPTURE(bad);
        CHECK(place(bad) != "");
    }
    REQUIRE(place("zeroblob(32), zeroblob(16), 9") == "");
    CHECK(place("zeroblob(32), zeroblob(16), 8") != ""); // one for each chain
    const auto set = [&](const char* what) {
        return raw_error(log.file, fmt::format("UPDATE position SET {}", what));
    };
    CHECK(set("count = 10").find("only falls") != std::string::npos);
    CHECK(set("image = randomblob(16)").find("only falls") != std::string::npos);
    CHECK(set("chain = randomblob(32), count = 1").find("only falls") != std::string::npos);
    CHECK(set("count = 8, image = randomblob(16)") == "");
    CHECK(raw_error(log.file, "DELETE FROM position").find("never forgotten") != std::string::npos);
}

TEST_CASE("an output belongs to a row, and there is one id") {
    const Log log;
    CHECK(raw_error(log.file, "INSERT INTO output VALUES (1, x'00', 0)") == "");
    CHECK(raw_error(log.file, "INSERT INTO output VALUES (2, x'00', 0)").find("FOREIGN KEY") !=
          std::string::npos);
    CHECK(raw_error(log.file, "UPDATE output SET truncated = 2") != "");
    CHECK(raw_error(log.file, "UPDATE output SET bytes = zeroblob(65537)") != "");
    CHECK(raw_error(log.file, "INSERT INTO meta VALUES (2, zeroblob(16))") != "");
    CHECK(raw_error(log.file, "UPDATE meta SET id = zeroblob(15)") != "");
}

TEST_CASE("of what a ledger is, nothing changes or goes back") {
    const Log log;
    const auto set = [&](const std::string& what) {
        return raw_error(log.file, fmt::format("UPDATE meta SET {}", what));
    };
    REQUIRE(set("last_request = 7") == "");
    for (const std::string bad : {"id = zeroblob(16)", "last_request = 6", "last_request = -1"}) {
        CAPTURE(bad);
        CHECK(set(bad) != "");
    }
    CHECK(raw_error(log.file, "DELETE FROM meta").find("keeps its id") != std::string::npos);
}

TEST_CASE("rows go only up to the checkpoint, from the oldest on, and the checkpoint only rises") {
    const Log log;
    for (int number = 2; number <= 4; ++number)
        REQUIRE(log.insert(plain(number)) == "");
    const auto remove = [&](int number) {
        return raw_error(log.file, fmt::format("DELETE FROM event WHERE number = {}", number));
    };
    const auto check = [&](const std::string& row, const std::string& hash) {
        return raw_error(log.file,
                         fmt::format("UPDATE meta SET checkpoint = {}, checkpoint_hash = {}", row, hash));
    };
    const auto hash_of_row = [](int row) {
        return fmt::format("(SELECT hash FROM event WHERE number = {})", row);
    };
    CHECK(remove(1).find("only up to its checkpoint") != std::string::npos);
    CHECK(check("4", hash_of_row(4)).find("has a later one") != std::string::npos); // the newest
    CHECK(check("3", hash_of_row(2)).find("has a later one") != std::string::npos); // another's hash
    CHECK(check("0", "zeroblob(32)") == "");                                        // as it is
    CHECK(check("0", hash_of_row(2)) != "");
    CHECK(check("2", "zeroblob(32)") != "");
    REQUIRE(check("3", hash_of_row(3)) == "");
    CHECK(check("2", hash_of_row(2)).find("only rise") != std::string::npos);
    CHECK(remove(2).find("from the oldest on") != std::string::npos);
    CHECK(remove(1) == "");
    CHECK(remove(3).find("from the oldest on") != std::string::npos);
    CHECK(remove(2) == "");
    CHECK(remove(3) == "");
    CHECK(remove(4).find("only up to its checkpoint") != std::string::npos);
    CHECK(check("3", hash_of_row(4)) != "");
    CHECK(log.insert({{"number", "1"}}) != "");
    CHECK(log.insert({{"number", "5"}}) == "");
}

TEST_CASE("a row stays while something needs it, also for who switches references off") {
    const auto removed = [](const std::vector<Fields>& rows, const std::string& need) {
        const Log log;
        int number = 1;
        for (Fields fields : rows) {
            fields.emplace("number", std::to_string(++number));
            fields.emplace("hash", fmt::format("x'{:064}'", number));
            REQUIRE(log.insert(fields) == "");
        }
        if (!need.empty()) raw(log.file, need);
        const std::string hash = fmt::format("(SELECT hash FROM event WHERE number = {})", number - 1);
        raw(log.file, fmt::format("UPDATE meta SET checkpoint = {}, checkpoint_hash = {}; "
                                  "DELETE FROM event WHERE number = 1",
                                  number - 1, hash));
        return raw_error(log.file, "PRAGMA foreign_keys = OFF; DELETE FROM event WHERE number = 2");
    };
    const Fields knock;
    const Fields other{{"kind", "9"}}; // nothing needs it
    const Fields end{{"kind", "4"}, {"of", "2"}, {"outcome", "1"}};
    const std::string hold =
        "INSERT INTO hold (row, grant, address, port, deadline) VALUES (2, 1, x'', 0, 5)";
    const Fields undo{{"kind", "11"}, {"of", "2"}};
    CHECK(removed({knock, end, other}, "") == "");
    CHECK(removed({knock, other}, "").find("a row stays") != std::string::npos);
    CHECK(removed({knock, end, other}, hold).find("a row stays") != std::string::npos);
    CHECK(removed({knock, end, undo, other}, "").find("a row stays") != std::string::npos);
    CHECK(removed({other, other}, "INSERT INTO output VALUES (2, x'', 0)").find("a row stays") !=
          std::string::npos);
    CHECK(removed({other, other}, "") == "");
}

TEST_CASE("a hold is of a knock, one for each grant, address, port and argument, and is only prolonged") {
    const Log log;
    REQUIRE(log.insert({}) == "");
    REQUIRE(log.insert({{"number", "3"}}) == "");
    REQUIRE(log.insert({{"number", "4"}, {"kind", "3"}, {"refusal", "5"}}) == "");
    const auto hold = [&](const std::string& values) {
        return raw_error(
            log.file,
            fmt::format("INSERT INTO hold (row, grant, address, port, deadline) VALUES ({})", values));
    };
    for (const std::string bad :
         {"1, 1, x'', 0, 5", "4, 1, x'', 0, 5", "5, 1, x'', 0, 5", "2, 2, x'', 0, 5", "2, 1, x'00', 0, 5",
          "2, 1, NULL, 0, 5", "2, 1, x'', 65536, 5", "2, 1, x'', -1, 5", "2, 1, x'', 0, NULL"}) {
        CAPTURE(bad);
        CHECK(hold(bad) != "");
    }
    REQUIRE(hold("2, 1, x'', 0, 5") == "");
    CHECK(hold("3, 1, x'', 0, 5").find("UNIQUE") != std::string::npos);
    CHECK(hold("2, 1, x'', 1, 5").find("UNIQUE") != std::string::npos);
    CHECK(hold("3, 1, x'', 1, 5") == "");
    const auto with_argument = [&](const std::string& values) {
        return raw_error(log.file, fmt::format("INSERT INTO hold VALUES ({})", values));
    };
    CHECK(with_argument("2, 1, x'', 0, 5, NULL") != "");
    CHECK(with_argument("2, 1, x'', 0, 5, CAST(zeroblob(257) AS TEXT)") != "");
    CHECK(with_argument("3, 1, x'', 0, 5, 'web'").find("UNIQUE") != std::string::npos); // of its row
    for (const std::string bad :
         {"deadline = 4", "row = 4", "address = x'7f000001'", "port = 2", "argument = 'web'"}) {
        CAPTURE(bad);
        CHECK(raw_error(log.file, fmt::format("UPDATE hold SET {} WHERE row = 2", bad)) != "");
    }
    CHECK(raw_error(log.file, "UPDATE hold SET deadline = 6") == "");
}

TEST_CASE("an admitted knock has a grant and a time") {
    const Log log;
    for (const std::string bad : {"0, 1", "1, NULL", "NULL, 1", "1, 'now'"}) {
        CAPTURE(bad);
        CHECK(raw_error(log.file, fmt::format("INSERT INTO admitted (grant, at) VALUES ({})", bad)) != "");
    }
    CHECK(raw_error(log.file, "INSERT INTO admitted (grant, at) VALUES (1, 1)") == "");
}

TEST_CASE("a request is what its value came in") {
    const Log log;
    // Of the value 00...: type, then as many bytes as make it the size.
    const auto request = [](const std::string& type, int size) {
        return fmt::format("CAST(zeroblob(16) || x'{}' || zeroblob({}) AS BLOB)", type, size - 17);
    };
    for (const std::string kind : {"2", "3", "13"}) {
        const std::string refusal = kind == "2" ? "0" : "19";
        const auto with = [&](const std::string& bytes, const Fields& more = {}) {
            const Folder folder;
            const auto file = folder / "ledger.db";
            Ledger::create(file, ledger_id, at_second(1));
            Fields fields{{"kind", kind}, {"refusal", refusal}, {"request", bytes}};
            for (const auto& field : more)
                fields[field.first] = field.second;
            return raw_error(file, inserting(fields));
        };
        CAPTURE(kind);
        CHECK(with("x''") == "");
        CHECK(with(request("01", 108)) == "");
        CHECK(with(request("01", 364)) == "");
        CHECK(with(request("02", 172)) == "");
        CHECK(with(request("01", 107)) != "");
        CHECK(with(request("01", 365)) != "");
        CHECK(with(request("02", 171)) != "");
        CHECK(with(request("03", 172)) != "");
        CHECK(with(request("01", 108), {{"value", "x'00000000000000000000000000000001'"}}) != "");
        CHECK(with(request("01", 108), {{"algorithm", "1"}, {"value", "zeroblob(8)"}}) != "");
    }
    CHECK(log.insert({{"kind", "9"}, {"request", request("01", 108)}}) != "");
    CHECK(log.insert({{"kind", "13"}, {"refusal", "0"}}) != ""); // for no reason
    CHECK(log.insert({{"kind", "13"}, {"refusal", "18"}, {"chain", "x''"}}) != "");
    CHECK(log.insert({{"kind", "13"}, {"refusal", "18"}, {"count", "0"}}) != "");
}

TEST_CASE("looks in vain at a value are counted by an index") {
    const Log log;
    SQLite::Database database(log.file.native(), SQLite::OPEN_READONLY);
    SQLite::Statement plan(database,
                           "EXPLAIN QUERY PLAN SELECT count(*) FROM event WHERE kind = 13 AND value = ?");
    REQUIRE(plan.executeStep());
    CHECK(plan.getColumn(3).getString().find("event_not_signed") != std::string::npos);
}
