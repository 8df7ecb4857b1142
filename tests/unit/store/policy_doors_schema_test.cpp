// The schema of policy.db refuses nonsense, also from somebody who goes round the library: commands that
// last, what is left of removed grants, requests and the guard.

#include "tests/unit/store/policy_statements.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

TEST_CASE("a command of another kind has what the kind needs, and nothing else") {
    const SmallPolicy policy;
    REQUIRE(raw_error(policy.file, adding_command(of_kind("open", {{"name", "'door'"}}))) == "");
    int good = 0;
    const auto add = [&](const std::string& kind, Fields unusual) {
        unusual["name"] = fmt::format("'good{}'", good);
        const std::string error = raw_error(policy.file, adding_command(of_kind(kind, unusual)));
        if (error.empty()) ++good;
        return error;
    };
    const std::pair<std::string, Fields> goods[] = {
        {"open", {}},
        {"open", {{"service", "'65535/udp'"}, {"hold", "1"}, {"prefix4", "8"}, {"prefix6", "16"}}},
        {"open", {{"service", "'1/tcp'"}, {"hold", "604800"}}},
        {"forward", {}},
        {"forward", {{"target", "'[2001:db8::7]:65535'"}}},
        {"forward", {{"target", "'192.0.2.7:1'"}}},
        {"close", {}}};
    for (const auto& [kind, unusual] : goods)
        CHECK(add(kind, unusual) == "");
    for (const std::string kind : {"open", "forward", "close"}) {
        const std::pair<std::string, std::string> bads[] = {
            {"argv", "'[\"/x\"]'"}, {"undo", "'[\"/x\"]'"}, {"run_as", "'root'"}, {"time_limit", "31"},
            {"leave_running", "1"}, {"hold", "604801"},     {"hold", "-1"},       {"hold", "NULL"},
            {"prefix4", "7"},       {"prefix4", "33"},      {"prefix6", "15"},    {"prefix6", "129"},
            {"prefix4", "NULL"}};
        for (const auto& field : bads) {
            CAPTURE(kind);
            CAPTURE(field.first);
            CAPTURE(field.second);
            CHECK(add(kind, {field}) != "");
        }
    }
    CHECK(add("open", {{"hold", "0"}}) != "");
    CHECK(add("forward", {{"hold", "0"}}) != "");
    CHECK(add("close", {{"hold", "1"}}) != "");
    CHECK(add("forward", {{"prefix4", "24"}}) != "");
    CHECK(add("forward", {{"service", "'22/tcp'"}}) != "");
    CHECK(add("open", {{"target", "'127.0.0.1:22'"}}) != "");
    CHECK(add("open", {{"closes", "2"}}) != "");
    for (const std::string bad :
         {"NULL", "''", "'22'", "22", "'0/tcp'", "'65536/tcp'", "'022/tcp'", "'22/sctp'", "'22/tcp '",
          "'22/tcp' || char(0)", "' 22/tcp'", "'+22/tcp'", "'22.0/tcp'"}) {
        CAPTURE(bad);
        CHECK(add("open", {{"service", bad}}) != "");
    }
    for (const std::string bad : {"NULL", "''", "':22'", "'127.0.0.1'", "'127.0.0.1:'", "'127.0.0.1:0'",
                                  "'127.0.0.1:022'", "'127.0.0.1:65536'", "'localhost:22'", "'127.0.0.1:22 '",
                                  "'127.0.0.1:22' || char(0)", "'127.0.0.1:99999999999999999999'"}) {
        CAPTURE(bad);
        CHECK(add("forward", {{"target", bad}}) != "");
    }
    CHECK(add("close", {{"closes", "NULL"}}) != "");
    CHECK(add("close", {{"closes", "99"}}).find("ends a command that lasts") != std::string::npos);
    CHECK(add("close", {{"closes", "1"}}).find("ends a command that lasts") != std::string::npos); // sshd
    CHECK(raw_error(policy.file, "UPDATE command SET closes = 1 WHERE kind = 'close'")
              .find("ends a command that lasts") != std::string::npos);
    CHECK(raw_error(policy.file, "DELETE FROM command WHERE name = 'door'").find("FOREIGN KEY") !=
          std::string::npos);
}

TEST_CASE("only the door of a forward command can be claimed") {
    const SmallPolicy policy;
    REQUIRE(raw_error(policy.file, adding_command(of_kind("forward"))) == "");
    CHECK(raw_error(policy.file, "UPDATE grant SET address_rule = 'claim'").find("only the door") !=
          std::string::npos);
    CHECK(raw_error(policy.file, "UPDATE grant SET address_rule = 'claim', command = 2, claims = 4") == "");
    CHECK(raw_error(policy.file, "UPDATE grant SET command = 1").find("only the door") != std::string::npos);
    REQUIRE(raw_error(policy.file, enrolling("image", "randomblob(16)")) == "");
    CHECK(raw_error(policy.file,
                    "INSERT INTO grant SELECT 2, user, 1, 1, 2, NULL, NULL, '[]', 'claim', '[]', "
                    "14, '[]', '', 0, 0, 1, 0, 0, 0, 1, '', '', NULL FROM grant")
              .find("only the door") != std::string::npos);
}

TEST_CASE("what is left of a grant stays as it is, and is of none that exists") {
    const SmallPolicy policy;
    const auto leave = [&](int id) {
        return raw_error(
            policy.file,
            fmt::format("INSERT INTO removed_grant SELECT {}, 5, 1, 'anna', id, name, enabled, "
                        "kind, argv, undo, run_as, argument, time_limit, hold, service, prefix4, prefix6, "
                        "target, closes, leave_running FROM command",
                        id));
    };
    CHECK(leave(1).find("not removed") != std::string::npos);
    CHECK(leave(2) == "");
    CHECK(leave(2) != "");
    CHECK(leave(0) != "");
    CHECK(raw_error(policy.file, "DELETE FROM removed_grant").find("never forgotten") != std::string::npos);
    CHECK(raw_error(policy.file, "UPDATE removed_grant SET user = 2").find("never changes") !=
          std::string::npos);
}

TEST_CASE("a request asks for one thing, and is never taken back") {
    const SmallPolicy policy;
    const Fields resync{{"at", "1"},    {"who", "'root'"},   {"kind", "1"},
                        {"grant", "1"}, {"value", blob(16)}, {"ledger_row", "0"}};
    const Fields close{{"at", "1"},    {"who", "'root'"},  {"kind", "2"},
                       {"grant", "0"}, {"value", blob(0)}, {"ledger_row", "7"}};
    const auto add = [&](const Fields& usual, const Fields& unusual) {
        return raw_error(policy.file, inserting("request", usual, unusual));
    };
    CHECK(add(resync, {}) == "");
    CHECK(add(resync, {{"value", blob(8)}}) == "");
    CHECK(add(close, {}) == "");
    for (const auto& field : std::vector<std::pair<std::string, std::string>>{{"kind", "0"},
                                                                              {"kind", "3"},
                                                                              {"who", "''"},
                                                                              {"grant", "0"},
                                                                              {"grant", "NULL"},
                                                                              {"value", "NULL"},
                                                                              {"value", blob(0)},
                                                                              {"value", blob(15)},
                                                                              {"value", "'text'"},
                                                                              {"at", "NULL"},
                                                                              {"ledger_row", "1"},
                                                                              {"id", "1"}}) {
        CAPTURE(field.first);
        CAPTURE(field.second);
        CHECK(add(resync, {field}) != "");
    }
    CHECK(add(close, {{"ledger_row", "0"}}) != "");
    CHECK(add(close, {{"grant", "1"}}) != "");
    CHECK(add(close, {{"value", blob(8)}}) != "");
    CHECK(raw_error(policy.file, "DELETE FROM request").find("never taken back") != std::string::npos);
    CHECK(raw_error(policy.file, "UPDATE request SET who = 'x'").find("never changes") != std::string::npos);
}

TEST_CASE("there is one decision about the guard, and a trial only while it is on") {
    const SmallPolicy policy;
    const auto set = [&](const std::string& assignment) {
        return raw_error(policy.file, "UPDATE guard SET " + assignment);
    };
    CHECK(set("trial_until = 5") != "");
    CHECK(set("armed = 2") != "");
    CHECK(set("armed = NULL") != "");
    CHECK(set("armed = 1, trial_until = 5") == "");
    CHECK(set("armed = 0") != ""); // the trial must go with it
    CHECK(set("armed = 0, trial_until = NULL") == "");
    CHECK(raw_error(policy.file, "INSERT INTO guard (one, armed) VALUES (2, 1)") != "");
    CHECK(raw_error(policy.file, "DELETE FROM guard") != "");
}
