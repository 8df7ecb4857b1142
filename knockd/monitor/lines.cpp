#include "knockd/monitor/lines.h"

#include "store/outcome_text.h"

#include <fmt/format.h>

namespace otk {

std::string grant_label(const std::optional<GrantDetails>& details, GrantId grant) {
    if (details) return details->user.name + "/" + details->command.name;
    return fmt::format("grant {} (removed)", static_cast<std::int64_t>(grant));
}

namespace {

std::string naming(const Address& named) {
    return named.empty() ? "" : fmt::format(", naming {}", named.text());
}

} // namespace

std::string origin(const Address& source, Carrier carrier, const Address& named) {
    return fmt::format("from {} (unproven) by {}{}", source.text(), name_of(carrier), naming(named));
}

std::string line_of(const message::Act& act, const std::string& label, const std::string& verdict) {
    return fmt::format("{}: knock {} {}: {} (row {})", label, act.count,
                       origin(act.source, act.carrier, act.named), verdict,
                       static_cast<std::int64_t>(act.row.row));
}

namespace {

std::string verdict_of(const message::Report& report) {
    using What = message::Report::What;
    switch (report.what) {
    case What::refused: return fmt::format("refused: {}", name_of(report.refusal));
    case What::replay: return "replay of a spent knock, ignored; more of it today are only counted";
    case What::late: return "late: a knock with a lower number was used before it, ignored";
    case What::contested:
        return fmt::format("CONTESTED: the same knock came first from {}{}; somebody may have copied it",
                           report.other_source.text(), naming(report.other_named));
    case What::duplicate: return "duplicate, ignored";
    case What::same_image:
        return "REFUSED: two grants have the same image, neither accepts; renew both with `knockmgr grant "
               "renew`";
    case What::not_signed: return fmt::format("refused and not spent: {}", name_of(report.refusal));
    }
    return "unknown report";
}

} // namespace

std::string line_of(const message::Report& report, const std::string& label) {
    std::string text = fmt::format("{}: knock {} {}: {}", label, report.count,
                                   origin(report.source, report.carrier, report.named), verdict_of(report));
    if (report.row.row != RowNumber{})
        text += fmt::format(" (row {})", static_cast<std::int64_t>(report.row.row));
    return text;
}

std::string line_of(const message::Done& done, const std::string& label) {
    return fmt::format("{}: command of row {}: {}", label, static_cast<std::int64_t>(done.row),
                       how_it_ended({done.outcome, done.refusal, done.status,
                                     std::chrono::milliseconds{done.duration_ms}, done.text.view()}));
}

std::string line_of_answers(const message::CaptureReady& ready) {
    std::string text;
    if (ready.answering > 0)
        text = fmt::format("answered at {} address{}", ready.answering, ready.answering == 1 ? "" : "es");
    if (ready.not_answering == 0) return text;
    text += fmt::format("{}: {}", text.empty() ? "NOT answered" : ", NOT everywhere", ready.trouble.view());
    if (ready.not_answering > 1)
        text += fmt::format("; and {} more such address{}", ready.not_answering - 1,
                            ready.not_answering == 2 ? "" : "es");
    return text;
}

Priority priority_of(const message::Report& report) {
    using What = message::Report::What;
    switch (report.what) {
    case What::refused:
    case What::replay:
    case What::late:
    case What::not_signed: return Priority::notice;
    case What::contested: return Priority::warning;
    case What::duplicate: return Priority::info;
    case What::same_image: return Priority::error;
    }
    return Priority::warning;
}

Priority priority_of(const message::Done& done) {
    switch (done.outcome) {
    case Outcome::exited: return done.status == 0 ? Priority::info : Priority::warning;
    case Outcome::opened:
    case Outcome::prolonged:
    case Outcome::closed: return Priority::info;
    case Outcome::refused:
    case Outcome::no_syns: return Priority::notice;
    case Outcome::none:
    case Outcome::killed:
    case Outcome::timed_out:
    case Outcome::not_started:
    case Outcome::interrupted: break;
    }
    return Priority::warning;
}

Priority priority_of(message::Acceptance acceptance) {
    return acceptance == message::Acceptance::open ? Priority::info : Priority::error;
}

std::string line_of_claim(const OpenHold& hold, const Address& by) {
    return fmt::format("{}/{}: door {}/tcp was claimed by {} (proven) (row {})", hold.details.user.name,
                       hold.details.command.name, hold.port, by.text(),
                       static_cast<std::int64_t>(hold.hold.row));
}

std::string line_of_refused_connection(const OpenHold& hold, const Address& source) {
    return fmt::format(
        "{}/{}: connection to door {}/tcp from {} (proven) refused: the door is for somebody else "
        "(row {})",
        hold.details.user.name, hold.details.command.name, hold.port, source.text(),
        static_cast<std::int64_t>(hold.hold.row));
}

std::string line_of(message::Acceptance acceptance) {
    const std::string_view restore = "; stop knockd and run `knockmgr restore`, which says what is at stake";
    switch (acceptance) {
    case message::Acceptance::open: return "accepting";
    case message::Acceptance::no_ledger: return fmt::format("not accepting: ledger.db is missing{}", restore);
    case message::Acceptance::other_ledger:
        return fmt::format("not accepting: ledger.db is not the one that belongs to policy.db{}", restore);
    case message::Acceptance::older_ledger:
        return fmt::format(
            "not accepting: ledger.db lacks the newest row that was acted on; it is an old copy, and spent "
            "knocks would be valid again{}",
            restore);
    case message::Acceptance::damaged_ledger:
        return fmt::format("not accepting: ledger.db cannot be used, and the line above says why{}", restore);
    case message::Acceptance::locked_ledger:
        return "not accepting yet: another process still writes ledger.db";
    case message::Acceptance::unwritable_ledger:
        return "not accepting yet: the file system of ledger.db is full or read-only; knocks keep until it "
               "can be written";
    }
    return "not accepting";
}

std::string_view name_of(message::Acceptance acceptance) {
    switch (acceptance) {
    case message::Acceptance::open: return "open";
    case message::Acceptance::no_ledger: return "no ledger";
    case message::Acceptance::other_ledger: return "other ledger";
    case message::Acceptance::older_ledger: return "older ledger";
    case message::Acceptance::damaged_ledger: return "damaged ledger";
    case message::Acceptance::locked_ledger: return "locked ledger";
    case message::Acceptance::unwritable_ledger: return "unwritable ledger";
    }
    return "unknown";
}

} // namespace otk
