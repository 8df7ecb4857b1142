// The schema of policy.db refuses nonsense, also from somebody who goes round the library: users, commands of
// kind exec, enrolments, grants and the record of changes.

#include "tests/unit/store/policy_statements.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

TEST_CASE("names are 1 to 32 of a-z 0-9 . _ - and begin with a letter") {
    const SmallPolicy policy;
    const auto add = [&](const std::string& name) {
        return raw_error(policy.file, fmt::format("INSERT INTO user (name, enabled) VALUES ({}, 1)", name));
    };
    for (const std::string good : {"'b'", "'a.b_c-9'", "'z2345678901234567890123456789012'"}) {
        CHECK(add(good) == "");
        CHECK(raw_error(policy.file, adding_command({{"name", good}})) == "");
    }
    for (const std::string bad :
         {"''", "'Anna'", "'9a'", "'-a'", "'.a'", "'a b'", "'a/b'", "'a\nb'", "'\u00e4'", "'a\u00e4'",
          "'a' || char(0) || 'b'", "'a' || char(0)", "CAST(x'61ff' AS TEXT)",
          "'z23456789012345678901234567890123'", "NULL", "x'61'"}) {
        CAPTURE(bad);
        CHECK(add(bad) != "");
        CHECK(raw_error(policy.file, adding_command({{"name", bad}})) != "");
    }
    CHECK(add("'anna'") != ""); // unique
}

TEST_CASE("switches are on or off") {
    const SmallPolicy policy;
    for (const std::string table : {"user", "command", "grant"}) {
        for (const std::string bad : {"2", "-1", "NULL", "'yes'", "0.5"}) {
            CAPTURE(table);
            CAPTURE(bad);
            CHECK(raw_error(policy.file, fmt::format("UPDATE {} SET enabled = {}", table, bad)) != "");
        }
        CHECK(raw_error(policy.file, fmt::format("UPDATE {} SET enabled = 0", table)) == "");
    }
}

TEST_CASE("a command is one that the daemon can run") {
    const SmallPolicy policy;
    const auto set = [&](const std::string& assignment) {
        return raw_error(policy.file, "UPDATE command SET " + assignment);
    };
    for (const std::string bad : {"hold = 60",
                                  "hold = -1",
                                  "hold = NULL",
                                  "undo = '[\"/x\"]'",
                                  "undo = '{}', hold = 60",
                                  "undo = '[1]', hold = 60",
                                  "undo = '[\"x\"]', hold = 60",
                                  "undo = 'no json', hold = 60",
                                  "undo = '[ ]', hold = 60",
                                  "undo = '[\"/x\"]', hold = 604801",
                                  "service = '22/tcp'",
                                  "prefix4 = 24",
                                  "prefix6 = 64",
                                  "target = '127.0.0.1:22'",
                                  "closes = 1",
                                  "kind = 'open'",
                                  "kind = 'close'",
                                  "kind = 'forward'",
                                  "kind = 'shell'",
                                  "kind = ''",
                                  "argv = ''",
                                  "argv = 'no json'",
                                  "argv = '[]'",
                                  "argv = '{}'",
                                  "argv = '[1]'",
                                  "argv = '[\"relative\"]'",
                                  "argv = '\"/bin/true\"'",
                                  "argv = NULL",
                                  "run_as = ''",
                                  "run_as = 'a:b'",
                                  "run_as = 'a/b'",
                                  "run_as = 'a' || char(0)",
                                  "time_limit = 0",
                                  "time_limit = -1",
                                  "time_limit = 31536001",
                                  "time_limit = '30s'",
                                  "leave_running = 2",
                                  "leave_running = NULL"}) {
        CAPTURE(bad);
        CHECK(set(bad) != "");
    }
    CHECK(set("argv = '[\"/bin/true\"]', run_as = 'www-data', time_limit = 1") == "");
    CHECK(set("undo = '[\"/bin/false\", \"\"]', hold = 604800") == "");
    CHECK(set("undo = '[]', hold = 0") == "");
    CHECK(set("leave_running = 1") == "");
}

TEST_CASE("an enrolment is a chain that can exist, and unlike every other") {
    const SmallPolicy policy;
    const std::pair<const char*, const char*> bad[] = {
        {"chain", "zeroblob(31)"},
        {"chain", "zeroblob(33)"},
        {"chain", "NULL"},
        {"algorithm", "0"},
        {"algorithm", "5"},
        {"algorithm", "3"}, // an image of 16 bytes belongs to sha256
        {"length", "1"},
        {"length", "1000001"},
        {"seed", "''"},
        {"seed", "'Upper'"},
        {"seed", "'a b'"},
        {"seed", "'a2345678901234567'"},
        {"seed", "'a' || char(0)"},
        {"image", "zeroblob(8)"},
        {"image", "zeroblob(15)"},
        {"image", "zeroblob(0)"},
        {"public_key", "zeroblob(31)"},
        {"enrolled", "NULL"}};
    for (const auto& field : bad) {
        CAPTURE(field.first);
        CAPTURE(field.second);
        CHECK(raw_error(policy.file, enrolling(field.first, field.second)) != "");
    }
    CHECK(raw_error(policy.file, enrolling("public_key", "zeroblob(32)")) == "");
    CHECK(raw_error(policy.file, enrolling("seed", "'other'")).find("UNIQUE") !=
          std::string::npos); // chain, image
    CHECK(raw_error(policy.file, enrolling("chain", "randomblob(32)")).find("UNIQUE") != std::string::npos);
    CHECK(raw_error(policy.file, "DELETE FROM enrolment").find("never forgotten") != std::string::npos);
    CHECK(raw_error(policy.file, "UPDATE enrolment SET length = 5").find("never changes") !=
          std::string::npos);
}

TEST_CASE("a grant belongs to a user, a command and an enrolment that exist, and its rules are rules") {
    const SmallPolicy policy;
    for (const std::string bad : {"user = 9",
                                  "command = 9",
                                  "enrolment = 9",
                                  "user = NULL",
                                  "sources = ''",
                                  "sources = '{}'",
                                  "sources = 'x'",
                                  "named_within = '1'",
                                  "address_rule = 'any'",
                                  "carriers = 0",
                                  "carriers = 1",
                                  "carriers = 3",
                                  "carriers = 16",
                                  "not_before = 5, expires_at = 5",
                                  "not_before = 'monday'",
                                  "created = NULL",
                                  "hours = ''",
                                  "hours = 'mon'",
                                  "hours = '{}'",
                                  "hours = NULL",
                                  "hours = '[' || rtrim(replace(hex(zeroblob(33)), '00', '1,'), ',') || ']'",
                                  "time_zone = NULL",
                                  "time_zone = '/etc/localtime'",
                                  "time_zone = '..'",
                                  "time_zone = 'Europe Berlin'",
                                  "time_zone = 'UTC' || char(0)",
                                  "time_zone = replace(hex(zeroblob(33)), '00', 'ab')",
                                  "per_hour = -1",
                                  "per_hour = 4294967296",
                                  "per_hour = NULL",
                                  "per_day = -1",
                                  "per_day = 4294967296",
                                  "claims = 0",
                                  "claims = 5",
                                  "claims = 2",
                                  "address_rule = 'claim'",
                                  "host = NULL",
                                  "host = 'a b'",
                                  "host = 'a' || char(0)",
                                  "host = replace(hex(zeroblob(127)), '00', 'ab')",
                                  "form = NULL",
                                  "form = 'octal'",
                                  "made_here = 2"}) {
        CAPTURE(bad);
        CHECK(raw_error(policy.file, fmt::format("UPDATE grant SET {}", bad)) != "");
    }
    CHECK(raw_error(policy.file,
                    "UPDATE grant SET not_before = 5, expires_at = 6, carriers = 2, "
                    "time_zone = 'America/Port-au-Prince', per_hour = 4294967295, per_day = 1, "
                    "host = 'fe80::1%eth0', form = 'base32', made_here = 1, "
                    "hours = '[' || rtrim(replace(hex(zeroblob(32)), '00', '1,'), ',') || ']'") == "");
    // Nobody goes while a grant needs him.
    CHECK(raw_error(policy.file, "DELETE FROM user").find("FOREIGN KEY") != std::string::npos);
    CHECK(raw_error(policy.file, "DELETE FROM command").find("FOREIGN KEY") != std::string::npos);
    // A second grant needs an enrolment of its own and another user or command.
    CHECK(raw_error(policy.file,
                    "INSERT INTO grant SELECT 2, user, command, 1, enrolment, NULL, NULL, '[]', 'knock', "
                    "'[]', 14, '[]', '', 0, 0, 1, 0, 0, 0, 1, '', '', NULL FROM grant")
              .find("UNIQUE") != std::string::npos);
}

TEST_CASE("the record of changes is only added to, and there is one line of ids") {
    const SmallPolicy policy;
    CHECK(raw_error(policy.file, "DELETE FROM change").find("never cut") != std::string::npos);
    CHECK(raw_error(policy.file, "UPDATE change SET who = 'x'").find("never rewritten") != std::string::npos);
    const auto add = [&](const char* values) {
        return raw_error(policy.file,
                         fmt::format("INSERT INTO change (at, who, what, object, state_before, state_after) "
                                     "VALUES ({})",
                                     values));
    };
    CHECK(add("1, 'root', 'test', '', '', '{}'") == "");
    CHECK(add("1, '', 'test', '', '', '{}'") != "");
    CHECK(add("1, 'root', '', '', '', '{}'") != "");
    CHECK(add("1, 'root', 'test', '', 'no json', ''") != "");
    CHECK(raw_error(policy.file, "INSERT INTO meta VALUES (2, zeroblob(16), zeroblob(16))") != "");
    CHECK(raw_error(policy.file, "UPDATE meta SET server = zeroblob(15)") != "");
}
