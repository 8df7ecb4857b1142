// Statements that go round PolicyStore, for the tests of policy.db's schema.
#pragma once

#include "tests/store/support.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otk::test {

// One user, one command, one grant.
struct SmallPolicy {
    Folder folder;
    std::filesystem::path file = folder / "policy.db";
    SmallPolicy() {
        PolicyStore store = PolicyStore::create(file, server_id, ledger_id);
        store.add_grant(grant(store.add_user("anna"), store.add_command(command("sshd")), 1));
    }
};

inline std::string blob(std::size_t size) { return fmt::format("zeroblob({})", size); }

using Fields = std::map<std::string, std::string>; // column and SQL

// A statement that adds a row, with some of its fields other than usual.
inline std::string inserting(std::string_view table, Fields fields, const Fields& unusual) {
    for (const auto& [column, value] : unusual)
        fields[column] = value;
    std::string columns, values;
    for (const auto& [column, value] : fields) {
        columns += (columns.empty() ? "" : ", ") + column;
        values += (values.empty() ? "" : ", ") + value;
    }
    return fmt::format("INSERT INTO {} ({}) VALUES ({})", table, columns, values);
}

inline std::string enrolling(const std::string& column, const std::string& value) {
    return inserting("enrolment",
                     {{"chain", blob(32)},
                      {"algorithm", "4"},
                      {"length", "100"},
                      {"seed", "'abc'"},
                      {"image", blob(16)},
                      {"public_key", "NULL"},
                      {"enrolled", "1"}},
                     {{column, value}});
}

inline std::string adding_command(const Fields& unusual) {
    return inserting("command",
                     {{"name", "'new'"},
                      {"enabled", "1"},
                      {"kind", "'exec'"},
                      {"argv", "'[\"/x\"]'"},
                      {"undo", "'[]'"},
                      {"run_as", "'root'"},
                      {"argument", "''"},
                      {"time_limit", "30"},
                      {"hold", "0"},
                      {"service", "NULL"},
                      {"prefix4", "32"},
                      {"prefix6", "128"},
                      {"target", "NULL"},
                      {"closes", "NULL"}},
                     unusual);
}

// What is different in a command of another kind.
inline Fields of_kind(const std::string& kind, const Fields& unusual = {}) {
    Fields fields{{"kind", "'" + kind + "'"}, {"argv", "'[]'"}, {"run_as", "''"}};
    if (kind == "open") fields.insert({{"hold", "60"}, {"service", "'22/tcp'"}});
    if (kind == "forward") fields.insert({{"hold", "60"}, {"target", "'127.0.0.1:22'"}});
    if (kind == "close") fields["closes"] = "2"; // the door of the tests below
    for (const auto& [column, value] : unusual)
        fields[column] = value;
    return fields;
}

} // namespace otk::test
