// The tokens of a command's argv (DESIGN 9): an argument that is exactly `{address}` is replaced by a whole
// argument; nothing is ever replaced within an argument, so no value can change what an argument means to a
// shell or an option parser.
#pragma once

#include "policy/model.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otk {

struct TokenValues {
    std::string address; // "" when there is none
    std::string user;
    std::string command;
    std::string carrier;
    std::string count;    // the knock's number
    std::string argument; // of a signed knock, else ""
};

// Why an argv cannot be a command's: one line that says what and what to do instead. Nothing when it can.
// Refused: empty, argv[0] not an absolute path, a token as argv[0], an unknown `{token}`, a token inside a
// longer argument, a zero byte, more than 64 arguments or 4096 bytes in all.
[[nodiscard]] std::optional<std::string> check_argv(const std::vector<std::string>& argv);

// `{address}` stands in its argv or undo, or it opens or forwards a port. (Not so for a grant with
// AddressRule::claim: there the door finds its addresses itself.)
[[nodiscard]] bool uses_address(const Command& command);
[[nodiscard]] std::vector<std::string> expand(const std::vector<std::string>& argv,
                                              const TokenValues& values);
// OTK_ADDRESS=..., OTK_USER=... and so on, one for each token, and PATH: the whole environment of a command.
[[nodiscard]] std::vector<std::string> environment(const TokenValues& values);

} // namespace otk
