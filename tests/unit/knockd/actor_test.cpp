// What the monitor does about a spent knock: its own checks, the command, the end that is kept until it is
// stored.

#include "knockd/monitor/contract.h"
#include "tests/unit/knockd/acting.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

namespace {

message::Act asking(std::int64_t row, GrantId grant) {
    message::Act ask;
    ask.row.row = RowNumber{row};
    ask.grant = grant;
    ask.ask_only = 1;
    return ask;
}

} // namespace

TEST_CASE("a spent knock runs its command, with its own words and no other") {
    Acting a;
    const message::Act act = a.act();
    CHECK(a.actor->act(act));
    CHECK(a.mark.head() == act.row);
    CHECK_FALSE(a.status.accepted == 0);
    a.until_sent(1);
    CHECK(a.sent[0].done.row == act.row.row);
    CHECK(a.sent[0].done.outcome == Outcome::exited);
    CHECK(text_of(a.sent[0]) == "192.0.2.7 anna 99 udp open {address}x\n");
    CHECK_FALSE(a.actor->all_stored());
    message::Stored stored;
    stored.row = act.row.row;
    stored.head = Head{RowNumber{50}, {5}};
    a.actor->stored(stored);
    CHECK(a.actor->all_stored());
    CHECK(a.mark.head() == stored.head);
}

TEST_CASE("rows only rise: one row never runs twice") {
    Acting a;
    const message::Act first = a.act();
    const message::Act second = a.act();
    CHECK(a.actor->act(first));
    CHECK_FALSE(a.actor->act(first));
    CHECK(a.actor->act(second));
    CHECK_FALSE(a.actor->act(second));
    CHECK_FALSE(a.actor->act(first));
    message::Act nonsense = a.act();
    for (const std::int64_t row : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN}) {
        nonsense.row.row = RowNumber{row};
        CHECK_FALSE(a.actor->act(nonsense));
    }
    a.until_sent(2);
    a.children.until([&] { return a.actor->commands().running() == 0; });
    CHECK(a.sent.size() == 2);
}

TEST_CASE("what the mark names was acted on before: not again after a restart of the monitor") {
    Acting a;
    const message::Act act = a.act();
    REQUIRE(a.actor->act(act));
    a.until_sent(1);
    a.begin();
    CHECK_FALSE(a.actor->act(act));
    CHECK(a.actor->act(a.act()));
}

TEST_CASE("the decision is taken again from root's own file") {
    struct Case {
        Refusal refusal;
        std::function<void(Acting&, message::Act&)> arrange;
    };
    const std::vector<Case> cases{
        {Refusal::user_disabled,
         [](Acting& a, message::Act&) { a.files.admin.set_user_enabled(a.files.user, false); }},
        {Refusal::command_disabled,
         [](Acting& a, message::Act&) { a.files.admin.set_command_enabled(a.files.command, false); }},
        {Refusal::grant_disabled,
         [](Acting& a, message::Act&) { a.files.admin.set_grant_enabled(a.files.grant, false); }},
        {Refusal::no_such_grant, [](Acting& a, message::Act&) { a.files.admin.remove_grant(a.files.grant); }},
        {Refusal::no_such_grant, [](Acting&, message::Act& act) { act.grant = GrantId{4711}; }},
        {Refusal::retired, [](Acting& a, message::Act&) { a.files.admin.retire_all_chains(); }},
        {Refusal::expired,
         [](Acting& a, message::Act&) {
             GrantRules rules;
             rules.expires_at = PolicyFiles::now;
             a.files.admin.set_grant_rules(a.files.grant, rules);
         }},
        {Refusal::address_not_allowed,
         [](Acting&, message::Act& act) { act.named = act.address = *Address::parse("203.0.113.9"); }},
        {Refusal::address_missing,
         [](Acting&, message::Act& act) {
             act.carrier = Carrier::dns;
             act.address = *Address::parse("192.0.2.7");
         }},
        {Refusal::address_unusable,
         [](Acting&, message::Act& act) { act.source = *Address::parse("127.0.0.1"); }},
    };
    for (const Case& each : cases) {
        CAPTURE(name_of(each.refusal));
        Acting a;
        message::Act act = a.act();
        each.arrange(a, act);
        CHECK(a.actor->act(act)); // no breach of contract
        REQUIRE(a.sent.size() == 1);
        CHECK(a.sent[0].done.row == act.row.row);
        CHECK(a.sent[0].done.outcome == Outcome::refused);
        CHECK(a.sent[0].done.refusal == each.refusal);
        CHECK(a.sent[0].output.empty());
        CHECK(a.actor->commands().running() == 0);
        CHECK(a.status.accepted == 0);
        CHECK(a.status.refused == 1);
        CHECK(a.mark.head() == act.row);
    }
}

namespace {

// Of a command that is handed an argument by signed knocks.
message::Act carrying(Acting& a, std::string_view argument) {
    Command command;
    command.name = "told";
    command.argv = {"/bin/sh", "-c", "echo \"$0 $OTK_ARGUMENT\"", "{argument}"};
    command.argument = "[a-z]+";
    command.run_as = "nobody";
    a.files.use(command);
    message::Act act = a.act();
    act.is_signed = 1;
    act.argument = decltype(act.argument)::of(argument);
    return act;
}

} // namespace

TEST_CASE("an argument reaches the program in its place and in its environment") {
    Acting a;
    CHECK(a.actor->act(carrying(a, "nginx")));
    a.until_sent(1);
    CHECK(text_of(a.sent[0]) == "nginx nginx\n");
}

TEST_CASE("the argument is compared with the pattern of root's own file again") {
    for (const std::string_view argument : {"", "two words", "-rf", "x;reboot"}) {
        CAPTURE(argument);
        Acting a;
        CHECK(a.actor->act(carrying(a, argument)));
        REQUIRE(a.sent.size() == 1);
        CHECK(a.sent[0].done.refusal == Refusal::argument_not_allowed);
    }
    Acting a; // of a command that takes none
    message::Act act = a.act();
    act.named = act.source;
    act.is_signed = 1;
    act.argument = decltype(act.argument)::of("nginx");
    CHECK(a.actor->act(act));
    REQUIRE(a.sent.size() == 1);
    CHECK(a.sent[0].done.refusal == Refusal::argument_not_allowed);
}

TEST_CASE("an argument that no client may send breaks the contract") {
    Acting a;
    message::Act act = carrying(a, "x");
    CHECK(well_formed(act));
    for (const std::string& argument : {std::string("a\nb"), std::string("\x7f"), std::string("\xc2\x9b"),
                                        std::string("\xff"), std::string(257, 'a')}) {
        act.argument = decltype(act.argument)::of(argument);
        CHECK_FALSE(well_formed(act));
    }
    act.argument = {};
    act.is_signed = 2;
    CHECK_FALSE(well_formed(act));
}

TEST_CASE("the address that was signed counts where it is the packet's source") {
    Acting a;
    message::Act act = a.act();
    act.named = act.source;
    act.address = act.source;
    act.is_signed = 1;
    CHECK(a.actor->act(act));
    a.until_sent(1);
    CHECK(text_of(a.sent[0]).starts_with("192.0.2.7 "));
    message::Act other = a.act();
    other.named = *Address::parse("203.0.113.9");
    other.is_signed = 1;
    CHECK(a.actor->act(other));
    CHECK(a.sent.back().done.refusal == Refusal::address_not_allowed);
}

TEST_CASE("the validator's address is not believed, only the packet's") {
    Acting a;
    message::Act act = a.act();
    act.address = *Address::parse("203.0.113.9"); // neither source nor named
    CHECK(a.actor->act(act));
    a.until_sent(1);
    CHECK(text_of(a.sent[0]).starts_with("192.0.2.7 "));
}

TEST_CASE("asked about a row that nobody knows: it was interrupted") {
    Acting a;
    CHECK(a.actor->asked(asking(5, a.files.grant)));
    REQUIRE(a.sent.size() == 1);
    CHECK(a.sent[0].done.row == RowNumber{5});
    CHECK(a.sent[0].done.outcome == Outcome::interrupted);
    CHECK(a.actor->commands().running() == 0);
    CHECK(a.actor->asked(asking(6, GrantId{4711}))); // of a grant that is gone
    REQUIRE(a.sent.size() == 2);
    CHECK(a.sent[1].done.outcome == Outcome::interrupted);
}

TEST_CASE(
    "asked about a command that runs, it says nothing; a validator that started again gets the end again") {
    Acting a;
    const message::Act act = a.act();
    REQUIRE(a.actor->act(act));
    CHECK(a.actor->asked(asking(static_cast<std::int64_t>(act.row.row), a.files.grant)));
    CHECK(a.sent.empty());
    a.until_sent(1);
    const std::string output = text_of(a.sent[0]);
    CHECK(a.actor->asked(asking(static_cast<std::int64_t>(act.row.row), a.files.grant)));
    CHECK(a.sent.size() == 1);
    a.actor->send_again();
    REQUIRE(a.sent.size() == 2);
    CHECK(a.sent[1].done.outcome == Outcome::exited);
    CHECK(text_of(a.sent[1]) == output);
    CHECK_FALSE(a.actor->all_stored());
}

TEST_CASE("reports are counted, and their rows are acted on as far as the mark goes") {
    using What = message::Report::What;
    Acting a;
    for (const What what : {What::refused, What::replay, What::replay, What::late, What::contested,
                            What::duplicate, What::same_image}) {
        message::Report report;
        report.what = what;
        report.grant = a.files.grant;
        report.carrier = Carrier::udp;
        report.source = *Address::parse("192.0.2.7");
        report.row.row = RowNumber{what == What::duplicate ? 0 : ++a.next};
        a.actor->report(report);
    }
    CHECK(a.status.refused == 2);
    CHECK(a.status.contested == 1);
    CHECK(a.status.accepted == 0);
    CHECK(a.mark.head()->row == RowNumber{a.next});
    CHECK(a.sent.empty());
}

TEST_CASE("an account that is not there is an end that says so") {
    if (!is_root())
        return say_skipped("an account that is not there", "commands change their user as root only");
    Acting a;
    a.files.use_command("account", "no-such-user");
    CHECK(a.actor->act(a.act()));
    REQUIRE(a.sent.size() == 1);
    CHECK(a.sent[0].done.outcome == Outcome::not_started);
    CHECK(a.sent[0].done.text.view().find("no-such-user") != std::string_view::npos);
}
