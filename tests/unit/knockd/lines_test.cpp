// What the journal says. Words that filters and people search for are checked, whole sentences are not.

#include "knockd/monitor/contract.h"
#include "knockd/monitor/lines.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <set>

using namespace otk;

namespace {

bool has(const std::string& line, std::string_view part) { return line.find(part) != std::string::npos; }

message::Report report(message::Report::What what) {
    message::Report made;
    made.what = what;
    made.row.row = RowNumber{17};
    made.count = 42;
    made.carrier = Carrier::icmp;
    made.source = *Address::parse("192.0.2.7");
    made.other_source = *Address::parse("198.51.100.1");
    made.refusal = Refusal::expired;
    return made;
}

} // namespace

TEST_CASE("a grant is called by its user and command, or by its number when it is gone") {
    GrantDetails details;
    details.user.name = "anna";
    details.command.name = "open";
    CHECK(grant_label(details, GrantId{7}) == "anna/open");
    CHECK(has(grant_label(std::nullopt, GrantId{7}), "grant 7"));
}

TEST_CASE("the sender of every carrier is marked as unproven") {
    for (const Carrier carrier : {Carrier::udp, Carrier::icmp, Carrier::dns}) {
        const std::string text = origin(*Address::parse("2001:db8::7"), carrier, {});
        CHECK(has(text, "2001:db8::7 (unproven)"));
        CHECK(has(text, name_of(carrier)));
        CHECK_FALSE(has(text, "naming"));
    }
    CHECK(has(origin(*Address::parse("192.0.2.7"), Carrier::udp, *Address::parse("203.0.113.9")),
              "203.0.113.9"));
}

TEST_CASE("an accepted knock has user, command, number, source, carrier and row") {
    message::Act act;
    act.row.row = RowNumber{31};
    act.count = 99;
    act.carrier = Carrier::udp;
    act.source = *Address::parse("192.0.2.7");
    const std::string line = line_of(act, "anna/open", "accepted");
    for (const char* part : {"anna/open", "99", "192.0.2.7 (unproven)", "udp", "accepted", "31"})
        CHECK(has(line, part));
}

TEST_CASE("each report says what it is, and no two say the same") {
    using What = message::Report::What;
    std::set<std::string> lines;
    for (const What what :
         {What::refused, What::replay, What::late, What::contested, What::duplicate, What::same_image}) {
        const std::string line = line_of(report(what), "anna/open");
        lines.insert(line);
        for (const char* part : {"anna/open", "42", "192.0.2.7 (unproven)", "icmp", "row 17"})
            CHECK(has(line, part));
        CHECK(line.find('\n') == std::string::npos);
    }
    CHECK(lines.size() == 6);
    CHECK(has(line_of(report(What::refused), ""), "expired"));
    CHECK(has(line_of(report(What::contested), ""), "198.51.100.1"));
    message::Report without_row = report(What::duplicate);
    without_row.row = {};
    CHECK_FALSE(has(line_of(without_row, ""), "row"));
}

TEST_CASE("each outcome is told with what it has to tell") {
    message::Done done;
    done.row = RowNumber{5};
    done.duration_ms = 1500;
    done.status = 3;
    done.text = message::Text<128>::of("execute the program");
    done.refusal = Refusal::user_disabled;
    const auto line = [&done](Outcome outcome) {
        done.outcome = outcome;
        return line_of(done, "anna/open");
    };
    CHECK(has(line(Outcome::exited), "3"));
    CHECK(has(line(Outcome::exited), "1500 ms"));
    CHECK(has(line(Outcome::exited), "row 5"));
    CHECK(has(line(Outcome::killed), "signal 3"));
    CHECK(has(line(Outcome::timed_out), "time limit"));
    CHECK(has(line(Outcome::refused), "user disabled"));
    CHECK(has(line(Outcome::interrupted), "interrupted"));
    done.status = ENOENT;
    CHECK(has(line(Outcome::not_started), "execute the program"));
    CHECK(has(line(Outcome::not_started), "No such file"));
}

TEST_CASE("each state of the ledger has a name and a line; numbers that are none are known as such") {
    std::set<std::string> lines, names;
    unsigned count = 0;
    for (unsigned number = 0; number < 256; ++number) {
        const auto acceptance = static_cast<message::Acceptance>(number);
        if (!well_formed(message::ValidateReady{.acceptance = acceptance})) continue;
        ++count;
        lines.insert(line_of(acceptance));
        names.emplace(name_of(acceptance));
        CHECK(name_of(acceptance) != "unknown");
        const bool open = acceptance == message::Acceptance::open;
        CHECK(has(line_of(acceptance), "not accepting") != open);
    }
    CHECK(lines.size() == count);
    CHECK(names.size() == count);
    CHECK_FALSE(well_formed(message::ValidateReady{}));
    CHECK(has(line_of(message::Acceptance::older_ledger), "knockmgr restore"));
}

TEST_CASE("what a stranger can cause is no warning, but for a contested knock") {
    using What = message::Report::What;
    for (const What what : {What::refused, What::replay, What::late, What::not_signed})
        CHECK(priority_of(report(what)) == Priority::notice);
    CHECK(priority_of(report(What::duplicate)) == Priority::info);
    CHECK(priority_of(report(What::contested)) == Priority::warning);
    CHECK(priority_of(report(What::same_image)) == Priority::error);
}

TEST_CASE("an end that nobody wished for is a warning") {
    const auto of = [](Outcome outcome, std::int64_t status = 0) {
        message::Done done;
        done.outcome = outcome;
        done.status = status;
        return priority_of(done);
    };
    CHECK(of(Outcome::exited) == Priority::info);
    CHECK(of(Outcome::exited, 1) == Priority::warning);
    for (const Outcome well : {Outcome::opened, Outcome::prolonged, Outcome::closed})
        CHECK(of(well, 3) == Priority::info);
    for (const Outcome rules : {Outcome::refused, Outcome::no_syns})
        CHECK(of(rules) == Priority::notice);
    for (const Outcome bad :
         {Outcome::killed, Outcome::timed_out, Outcome::not_started, Outcome::interrupted})
        CHECK(of(bad) == Priority::warning);
    CHECK(priority_of(message::Acceptance::open) == Priority::info);
    CHECK(priority_of(message::Acceptance::no_ledger) == Priority::error);
}

TEST_CASE("where questions are answered, and where not and why") {
    const auto line = [](std::uint32_t answering, std::uint32_t not_answering) {
        message::CaptureReady ready;
        ready.answering = answering;
        ready.not_answering = not_answering;
        if (not_answering > 0)
            ready.trouble = message::Text<512>::of("dns: cannot bind, held by named (pid 7)");
        CHECK(well_formed(ready));
        return line_of_answers(ready);
    };
    CHECK(line(0, 0).empty());
    CHECK(line(1, 0) == "answered at 1 address");
    CHECK(line(3, 0) == "answered at 3 addresses");
    CHECK(line(0, 1) == "NOT answered: dns: cannot bind, held by named (pid 7)");
    CHECK(line(2, 1) == "answered at 2 addresses, NOT everywhere: dns: cannot bind, held by named (pid 7)");
    CHECK(has(line(0, 2), "; and 1 more such address"));
    CHECK(has(line(0, 4), "; and 3 more such addresses"));
}

TEST_CASE("capture's word about its answers is printable, whole, and there only where something is wrong") {
    message::CaptureReady ready;
    CHECK(well_formed(ready));
    ready.not_answering = 1;
    CHECK_FALSE(well_formed(ready));
    for (const std::string_view bad : {"a\nb", "\x1b[2J", "\x7f", "\xc3\xa4"}) {
        ready.trouble = message::Text<512>::of(bad);
        CHECK_FALSE(well_formed(ready));
    }
    ready.trouble.bytes.fill('x'); // no end
    CHECK_FALSE(well_formed(ready));
    ready.trouble = message::Text<512>::of("x");
    CHECK(well_formed(ready));
    ready.not_answering = 0;
    CHECK_FALSE(well_formed(ready));
    CHECK(well_formed(message::LastWord{.why = message::Text<400>::of("cannot open policy.db")}));
    CHECK_FALSE(well_formed(message::LastWord{.why = message::Text<400>::of("a\nREADY=1")}));
}
