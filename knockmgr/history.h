// What the ledger says about knocks, joined for people and programs: a knock and how its command ended.
#pragma once

#include "knockmgr/output.h"
#include "store/ledger.h"

#include <optional>
#include <string>

namespace otk::knockmgr {

// A row and, when it is an accepted knock, the row that says how its command ended.
struct Happening {
    Row row;
    std::optional<Row> end;
    std::size_t contested = 0; // how many rows say that the knock came from elsewhere, too
};

[[nodiscard]] Happening happening_of(const Ledger& ledger, Row row);

// "exit 0 in 12 ms", "killed by signal 9 after 3 ms", "refused: expired", "interrupted", "running".
[[nodiscard]] std::string outcome_text(const Happening& happening);
// What else there is to say of a knock that was spent, each part with a comma and a blank before it: "jumped
// over 2", and "for ADDRESS" where the command was given another address than the source's.
[[nodiscard]] std::string remarks_text(const Row& row);
// Where it came from. Nobody proved a source that a packet only claims, and every carrier of today only
// claims it.
[[nodiscard]] std::string source_text(const Row& row);
[[nodiscard]] Json json_of(const Happening& happening);

} // namespace otk::knockmgr
