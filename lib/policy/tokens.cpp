#include "policy/tokens.h"

#include "policy/argv.h"

#include <algorithm>
#include <array>

namespace otk {

namespace {

constexpr std::array tokens{
    Token{"{address}", "OTK_ADDRESS"}, Token{"{user}", "OTK_USER"},   Token{"{command}", "OTK_COMMAND"},
    Token{"{carrier}", "OTK_CARRIER"}, Token{"{count}", "OTK_COUNT"}, Token{"{argument}", "OTK_ARGUMENT"},
};

std::array<std::string, tokens.size()> in_order(const TokenValues& values) {
    return {values.address, values.user, values.command, values.carrier, values.count, values.argument};
}

bool has_address_token(const std::vector<std::string>& argv) {
    return std::find(argv.begin(), argv.end(), "{address}") != argv.end();
}

} // namespace

std::optional<std::string> check_argv(const std::vector<std::string>& argv) {
    return check_argv(argv, tokens);
}

bool uses_address(const Command& command) {
    switch (command.kind) {
    case CommandKind::exec: return has_address_token(command.argv) || has_address_token(command.undo);
    case CommandKind::open:
    case CommandKind::forward: return true;
    case CommandKind::close: return false;
    }
    return false;
}

std::vector<std::string> expand(const std::vector<std::string>& argv, const TokenValues& values) {
    return expand(argv, tokens, in_order(values));
}

std::vector<std::string> environment(const TokenValues& values) {
    return environment(tokens, in_order(values));
}

} // namespace otk
