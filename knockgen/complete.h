// What shells offer on knockgen's command line (completion/complete.h).
#pragma once

#include <string>
#include <vector>

namespace otk {

// `knockgen --complete WORD...`. Asks for no passphrase, and reads nothing but profiles.
void print_completion(std::vector<std::string> words);

} // namespace otk
