#include "config/config.h"

#include <cstdlib>

namespace otk {

Places places(const std::string& dir_option) {
    std::string dir = dir_option;
    if (dir.empty()) {
        const char* const from_environment = std::getenv("OTK_DIR");
        if (from_environment != nullptr) dir = from_environment;
    }
    Places found;
    found.state = dir.empty() ? std::filesystem::path("/var/lib/otk") : std::filesystem::absolute(dir);
    found.config = dir.empty() ? std::filesystem::path("/etc/otk/otk.toml") : found.state / "otk.toml";
    found.policy_db = found.state / "policy" / "policy.db";
    found.ledger_db = found.state / "ledger" / "ledger.db";
    found.server_keys = found.state / "server";
    found.mark = found.state / "monitor" / "mark";
    found.status = found.state / "monitor" / "status.json";
    found.doors = found.state / "monitor" / "doors.json";
    found.started_undos = found.state / "monitor" / "undo";
    found.guard = found.state / "monitor" / "guard.json";
    return found;
}

} // namespace otk
