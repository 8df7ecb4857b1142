// Arguments with tokens, whatever the tokens are: commands have one table of them (policy/tokens.h), alerts
// another. An argument that is exactly a token is replaced by a whole argument; nothing is ever replaced
// within an argument.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace otk {

struct Token {
    std::string_view name;     // "{address}"
    std::string_view variable; // "OTK_ADDRESS", for programs that read their environment instead
};

// Why an argv cannot be run: one line that says what and what to do instead. Nothing when it can. Refused:
// empty, argv[0] not an absolute path, a token as argv[0], an unknown `{token}`, a token inside a longer
// argument, a zero byte, more than 64 arguments or 4096 bytes in all.
[[nodiscard]] std::optional<std::string> check_argv(const std::vector<std::string>& argv,
                                                    std::span<const Token> tokens);

// `values` stand in the order of `tokens`.
[[nodiscard]] std::vector<std::string> expand(const std::vector<std::string>& argv,
                                              std::span<const Token> tokens,
                                              std::span<const std::string> values);
// VARIABLE=value, one for each token, and PATH: a whole environment.
[[nodiscard]] std::vector<std::string> environment(std::span<const Token> tokens,
                                                   std::span<const std::string> values);

} // namespace otk
