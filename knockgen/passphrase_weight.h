// How many guesses a passphrase stands, judged by its pieces as a guesser puts them together.
#pragma once

#include <functional>
#include <string_view>

namespace otk {

// Whether a dictionary has it, in whatever spelling. Asked for pieces of 6 to 24 bytes only.
using IsWord = std::function<bool(std::string_view)>;

// In bits, rather too low than too high. Takes no copy of any part.
[[nodiscard]] double weight_of(std::string_view passphrase, const IsWord& is_word);

} // namespace otk
