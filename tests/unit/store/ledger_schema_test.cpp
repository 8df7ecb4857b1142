// The schema of ledger.db refuses nonsense, also from somebody who goes round the library.

#include "tests/store/support.h"

#include <doctest/doctest.h>

#include <map>

using namespace otk;
using namespace otk::test;

namespace {

using Fields = std::map<std::string, std::string>;

// An INSERT of the second row; the usual fields are those of a spent knock.
std::string inserting(const Fields& changed) {
    Fields fields{{"number", "2"},
                  {"hash", "zeroblob(32)"},
                  {"at", "1"},
                  {"kind", "2"},
                  {"of", "0"},
                  {"grant", "1"},
                  {"chain", "randomblob(32)"},
                  {"user", "'anna'"},
                  {"command", "'sshd'"},
                  {"count", "9"},
                  {"jumped", "0"},
                  {"algorithm", "4"},
                  {"value", "zeroblob(16)"},
                  {"carrier", "1"},
                  {"source", "x'7f000001'"},
                  {"source_port", "9"},
                  {"named", "x''"},
                  {"address", "x''"},
                  {"refusal", "0"},
                  {"outcome", "0"},
                  {"status", "0"},
                  {"duration", "0"},
                  {"text", "''"}};
    for (const auto& [column, value] : changed)
        fields[column] = value;
    std::string columns, values;
    for (const auto& [column, value] : fields) {
        columns += (columns.empty() ? "" : ", ") + column;
        values += (values.empty() ? "" : ", ") + value;
    }
    return fmt::format("INSERT INTO event ({}) VALUES ({})", columns, values);
}

struct Log {
    Folder folder;
    std::filesystem::path file = folder / "ledger.db";
    Log() { Ledger::create(file, ledger_id, at_second(1)); }
    [[nodiscard]] std::string insert(const Fields& changed) const {
        return raw_error(file, inserting(changed));
    }
};

} // namespace

TEST_CASE("a row has fields that can be") {
    const Log log;
    const Fields bad[] = {{{"number", "3"}},
                          {{"number", "1"}},
                          {{"hash", "zeroblob(31)"}},
                          {{"hash", "NULL"}},
                          {{"at", "'now'"}},
                          {{"kind", "0"}},
                          {{"kind", "10"}},
                          {{"of", "2"}},
                          {{"of", "-1"}},
                          {{"grant", "-1"}},
                          {{"chain", "zeroblob(32)"}},
                          {{"chain", "randomblob(31)"}},
                          {{"user", "'Anna'"}},
                          {{"user", "'a' || char(0)"}},
                          {{"command", "'rm -rf'"}},
                          {{"count", "1000001"}},
                          {{"count", "-1"}},
                          {{"jumped", "-1"}},
                          {{"algorithm", "5"}},
                          {{"value", "zeroblob(15)"}},
                          {{"value", "zeroblob(8)"}}, // of sha256
                          {{"carrier", "4"}},
                          {{"source", "x'7f0000'"}},
                          {{"source_port", "65536"}},
                          {{"named", "zeroblob(5)"}},
                          {{"address", "NULL"}},
                          {{"refusal", "256"}},
                          {{"outcome", "7"}},
                          {{"duration", "-1"}},
                          {{"text", "CAST(zeroblob(4097) AS TEXT)"}}};
    for (const Fields& fields : bad) {
        CAPTURE(fields.begin()->first);
        CAPTURE(fields.begin()->second);
        CHECK(log.insert(fields) != "");
    }
    CHECK(log.insert({}) == "");
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
    for (const std::string about : {"4", "5", "6", "8"})
        CHECK(log.insert({{"kind", about}, {"outcome", "1"}}) != "");
    CHECK(log.insert({{"kind", "4"}, {"of", "1"}, {"outcome", "0"}}) != "");
    CHECK(log.insert({{"kind", "4"}, {"of", "1"}, {"outcome", "1"}}) != ""); // the first row is no command
    CHECK(log.insert({{"kind", "3"}, {"refusal", "5"}}) == "");
}

TEST_CASE("rows and positions only move on") {
    const Log log;
    REQUIRE(log.insert({}) == "");
    CHECK(raw_error(log.file, "UPDATE event SET at = 2").find("never rewritten") != std::string::npos);
    CHECK(raw_error(log.file, "DELETE FROM event WHERE number = 2").find("never removed") !=
          std::string::npos);
    const auto place = [&](const std::string& values) {
        return raw_error(log.file,
                         fmt::format("INSERT INTO position (chain, image, count) VALUES ({})", values));
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
