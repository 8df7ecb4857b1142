// What the ledger says about knocks, joined for people and programs: a knock and how its command ended.
#pragma once

#include "knockmgr/output.h"
#include "store/ledger.h"

#include <optional>
#include <string>

namespace otk::knockmgr {

// A row with what the ledger says about it elsewhere.
struct Happening {
    Row row;
    std::optional<Row> end;    // of an accepted knock or an undo: how its command ended
    std::size_t contested = 0; // how many rows say that the knock came from elsewhere, too
    std::optional<Hold> hold;  // an accepted knock's door or undo that still waits, also one it prolonged
    std::optional<Row> over;   // of kind closed or undo: the hold that the knock began has ended
    std::optional<Row> undone; // how that undo ended
};

[[nodiscard]] Happening happening_of(const Ledger& ledger, Row row);

// "exit 0 in 12 ms", "opened 22/tcp for 203.0.113.7/32 for 60 s, until 2026-11-21T12:01:00Z", "refused:
// expired", "running", "closed the door of row 7: its time was over".
[[nodiscard]] std::string outcome_text(const Happening& happening);
// What came after the end of an accepted knock's command: "still open until ...", "closed at ... (row 9): its
// time was over", "undone at ... (row 9): exit 0 in 3 ms". Empty when there is nothing to tell.
[[nodiscard]] std::string sequel_text(const Happening& happening, Time now);
// What else there is to say of a knock that was spent, each part with a comma and a blank before it: "jumped
// over 2", "for ADDRESS" where the command was given another address than the source's, and what its signed
// knock said.
[[nodiscard]] std::string remarks_text(const Row& row);
// "udp"; "-" for a row that no packet brought.
[[nodiscard]] std::string carrier_text(const Row& row);
// Where it came from. Nobody proved a source that a packet only claims, and every carrier of today only
// claims it.
[[nodiscard]] std::string source_text(const Row& row);
[[nodiscard]] Json json_of(const Happening& happening);

} // namespace otk::knockmgr
