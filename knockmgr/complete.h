// What shells offer on knockmgr's command line (completion/complete.h).
#pragma once

#include <string>
#include <vector>

namespace otk::knockmgr {

// `knockmgr --complete WORD...`. Changes nothing, says nothing that it may not read, and waits for nobody.
int print_completion(std::vector<std::string> words);

} // namespace otk::knockmgr
