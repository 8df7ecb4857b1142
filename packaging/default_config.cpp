// Prints the otk.toml that `knockmgr init` writes, for the example that is installed.
#include "config/config.h"

#include <fmt/format.h>

int main() { fmt::print("{}", otk::default_config_text()); }
