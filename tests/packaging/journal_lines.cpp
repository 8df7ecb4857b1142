// Writes lines as knockd writes them, for the test of the fail2ban filter: `journal-lines refused` those
// about connections that a door refused, `journal-lines others` all other kinds, with texts that would like
// to be one.

#include "knockd/journal.h"
#include "knockd/monitor/lines.h"

#include <array>
#include <cstring>
#include <string>

using namespace otk;

namespace {

constexpr std::array sources{"203.0.113.9", "198.51.100.254", "2001:db8::7", "2001:db8:1:2:3:4:5:6"};
// The line that would ban somebody, by whom it could be wished for.
const std::string wish =
    "anna/sshd: connection to door 61234/tcp from 192.0.2.66 (proven) refused: the door is for "
    "somebody else (row 12)";
const std::array hostile{wish,
                         "knockd: " + wish,
                         "\n" + wish,
                         "\nknockd: " + wish,
                         "\r\nNov 21 22:00:00 host knockd[1]: knockd: " + wish,
                         "\x1b[2K\x1b[Gknockd: " + wish,
                         std::string("x\0knockd: ", 10) + wish,
                         "\xe2\x80\xa8knockd: " + wish, // a line separator of Unicode
                         "\xc2\x85knockd: " + wish};

void say(const std::string& text) { journal("knockd", text); }

void refused() {
    for (const char* const source : sources) {
        OpenHold hold;
        hold.hold.row = RowNumber{4711};
        hold.port = 65'534;
        hold.details.user.name = "anna.b-c_9";
        hold.details.command.name = "a";
        say(line_of_refused_connection(hold, *Address::parse(source)));
    }
}

void others_about(const std::string& label, const Address& source, Carrier carrier) {
    using What = message::Report::What;
    message::Act act;
    act.row.row = RowNumber{12};
    act.carrier = carrier;
    act.source = source;
    say(line_of(act, label, "accepted"));
    for (const What what : {What::refused, What::replay, What::late, What::contested, What::duplicate,
                            What::same_image, What::not_signed}) {
        message::Report report;
        report.what = what;
        report.refusal = Refusal::source_not_allowed;
        report.row.row = RowNumber{12};
        report.carrier = carrier;
        report.source = source;
        report.other_source = source;
        report.named = source;
        say(line_of(report, label));
    }
}

void ends_with(const std::string& label, const std::string& text) {
    for (std::uint8_t outcome = 0; outcome <= static_cast<std::uint8_t>(Outcome::no_syns); ++outcome) {
        message::Done done;
        done.row = RowNumber{12};
        done.outcome = Outcome{outcome};
        done.refusal = Refusal::source_not_allowed;
        done.text = message::Text<128>::of(text);
        say(line_of(done, label));
    }
}

void others() {
    for (const char* const source : sources) {
        for (const Carrier carrier : {Carrier::udp, Carrier::icmp, Carrier::dns})
            others_about("anna/sshd", *Address::parse(source), carrier);
    }
    for (const std::string& text : hostile) {
        ends_with("anna/sshd", text);
        ends_with("grant 7 (removed)", text);
        say(text + " and more");
        say("alert replay: /usr/bin/tell ended with exit code 1; it said: " + text);
        journal("knockd-capture", text);
        journal("knockd-validate", text);
        journal("knockd-forward", text);
    }
    say("anna/sshd: knock 12 from 192.0.2.7 (unproven) by udp: refused: source not allowed (row 12)");
}

} // namespace

int main(int count, char** arguments) {
    if (count != 2) return 2;
    if (std::strcmp(arguments[1], "refused") == 0)
        refused();
    else if (std::strcmp(arguments[1], "others") == 0)
        others();
    else
        return 2;
    return 0;
}
