#include "policy/tokens.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace otk;

namespace {

bool refused_for(const std::vector<std::string>& argv, std::string_view what) {
    const auto fault = check_argv(argv);
    if (!fault) return false;
    INFO(*fault);
    CHECK(fault->find(what) != std::string::npos);
    return true;
}

const TokenValues values{"203.0.113.9", "anna", "door", "udp", "99", "an; argument $(with) `tricks`"};

} // namespace

TEST_CASE("ordinary commands pass the check") {
    CHECK_FALSE(check_argv({"/bin/true"}).has_value());
    CHECK_FALSE(
        check_argv({"/bin/x", "{address}", "{user}", "{command}", "{carrier}", "{count}", "{argument}"}));
    CHECK_FALSE(check_argv({"/bin/x", "{}", "{\"a\": 1}", "{ print }", "", "{", "}"}).has_value());
}

TEST_CASE("what cannot be a command is refused with its reason") {
    CHECK(refused_for({}, "absolute path"));
    CHECK(refused_for({""}, "absolute path"));
    CHECK(refused_for({"true"}, "/usr/bin/true"));
    CHECK(refused_for({"./true"}, "absolute path"));
    CHECK(refused_for({"{argument}"}, "token cannot be the program"));
    CHECK(refused_for({"/bin/x", "{adress}"}, "not a token"));
    CHECK(refused_for({"/bin/x", "{print}"}, "blank inside the braces"));
    CHECK(refused_for({"/bin/x", "--to={address}"}, "$OTK_ADDRESS"));
    CHECK(refused_for({"/bin/{user}"}, "longer argument"));
    CHECK(refused_for({"/bin/x", "{user}{count}"}, "longer argument"));
    CHECK(refused_for({"/bin/x", std::string("a\0b", 3)}, "zero byte"));
}

TEST_CASE("the limits of argv are 64 arguments and 4096 bytes") {
    std::vector<std::string> many(64, "x");
    many.front() = "/x";
    CHECK_FALSE(check_argv(many).has_value());
    many.emplace_back("x");
    CHECK(refused_for(many, "64"));
    std::vector<std::string> large{"/x", std::string(4094, 'a')};
    CHECK_FALSE(check_argv(large).has_value());
    large[1] += 'a';
    CHECK(refused_for(large, "4096"));
}

TEST_CASE("only whole arguments are replaced, and what is put in is never looked at again") {
    const std::vector<std::string> argv{"/bin/x", "{address}", "{argument}", "a{user}", "{", "{count}"};
    const std::vector<std::string> expected{"/bin/x", values.address, values.argument, "a{user}", "{", "99"};
    CHECK(expand(argv, values) == expected);
    TokenValues nested = values;
    nested.argument = "{user}";
    CHECK(expand({"/bin/x", "{argument}", "{user}"}, nested) ==
          std::vector<std::string>{"/bin/x", "{user}", "anna"});
}

TEST_CASE("a missing value is an empty argument, not none") {
    CHECK(expand({"/bin/x", "{address}"}, {}) == std::vector<std::string>{"/bin/x", ""});
}

TEST_CASE("the environment has one variable for each token, and PATH") {
    const std::vector<std::string> variables = environment(values);
    const auto has = [&](const std::string& line) {
        return std::count(variables.begin(), variables.end(), line) == 1;
    };
    CHECK(variables.size() == 7);
    CHECK(variables.front().substr(0, 5) == "PATH=");
    CHECK(has("OTK_ADDRESS=203.0.113.9"));
    CHECK(has("OTK_USER=anna"));
    CHECK(has("OTK_COMMAND=door"));
    CHECK(has("OTK_CARRIER=udp"));
    CHECK(has("OTK_COUNT=99"));
    CHECK(has("OTK_ARGUMENT=" + values.argument));
}

TEST_CASE("a command uses an address when {address} stands in its argv or undo, or when it is a door") {
    Command command;
    command.argv = {"/bin/x", "a"};
    CHECK_FALSE(uses_address(command));
    command.undo = {"/bin/y", "{address}"};
    CHECK(uses_address(command));
    command.undo.pop_back();
    CHECK_FALSE(uses_address(command));
    command.argv.emplace_back("{address}");
    CHECK(uses_address(command));

    Command door;
    door.kind = CommandKind::open;
    CHECK(uses_address(door));
    door.kind = CommandKind::forward;
    CHECK(uses_address(door));
    door.kind = CommandKind::close;
    CHECK_FALSE(uses_address(door));
}
