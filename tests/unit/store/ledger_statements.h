// Statements that go round Ledger, for the test of ledger.db's schema.
#pragma once

#include "tests/store/support.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace otk::test {

using Fields = std::map<std::string, std::string>;

// An INSERT of the second row; the usual fields are those of a spent knock.
inline std::string inserting(const Fields& changed) {
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
                  {"text", "''"},
                  {"request", "x''"}};
    for (const auto& [column, value] : changed)
        fields[column] = value;
    std::string columns, values;
    for (const auto& [column, value] : fields) {
        columns += (columns.empty() ? "" : ", ") + column;
        values += (values.empty() ? "" : ", ") + value;
    }
    return fmt::format("INSERT INTO event ({}) VALUES ({})", columns, values);
}

// A row that nothing needs, with a hash of its own.
inline Fields plain(int number) {
    return {{"number", std::to_string(number)}, {"kind", "9"}, {"hash", fmt::format("x'{:064}'", number)}};
}

struct Log {
    Folder folder;
    std::filesystem::path file = folder / "ledger.db";
    Log() { Ledger::create(file, ledger_id, at_second(1)); }
    [[nodiscard]] std::string insert(const Fields& changed) const {
        return raw_error(file, inserting(changed));
    }
};

} // namespace otk::test
