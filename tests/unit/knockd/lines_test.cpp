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
