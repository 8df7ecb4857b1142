#include "store/ledger.h"

namespace otk {

std::string_view name_of(RowKind kind) {
    switch (kind) {
    case RowKind::created: return "created";
    case RowKind::accepted: return "accepted";
    case RowKind::refused: return "refused";
    case RowKind::ended: return "ended";
    case RowKind::interrupted: return "interrupted";
    case RowKind::replay: return "replay";
    case RowKind::late: return "late";
    case RowKind::contested: return "contested";
    case RowKind::started: return "started";
    case RowKind::closed: return "closed";
    case RowKind::undo: return "undo";
    case RowKind::resynced: return "resynced";
    case RowKind::not_signed: return "not signed";
    }
    return "unknown";
}

std::string_view name_of(Outcome outcome) {
    switch (outcome) {
    case Outcome::none: return "none";
    case Outcome::exited: return "exited";
    case Outcome::killed: return "killed";
    case Outcome::timed_out: return "timed out";
    case Outcome::not_started: return "not started";
    case Outcome::refused: return "refused";
    case Outcome::interrupted: return "interrupted";
    case Outcome::opened: return "opened";
    case Outcome::prolonged: return "prolonged";
    case Outcome::closed: return "closed";
    case Outcome::no_syns: return "no SYNs";
    }
    return "unknown";
}

} // namespace otk
