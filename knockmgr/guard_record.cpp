#include "knockmgr/guard_record.h"

#include "base/promise.h"
#include "knockmgr/output.h"
#include "sys/file.h"

#include <filesystem>

#include <fmt/format.h>

namespace otk::knockmgr {

std::optional<GuardRecord> noted_by_knockd(const Places& where) {
    try {
        const auto text = read_file(where.guard, largest_guard_record);
        if (text) return parse_guard_record(*text);
    } catch (const Error& fault) {
        warn(fmt::format("{}: {}", where.guard.string(), fault.what()));
    }
    return std::nullopt;
}

void write_guard_record(const Places& where, const GuardRecord& record) {
    replace_file(where.guard, format_guard_record(record), 0600, true);
}

GuardRecord::OfConfig guard_half_of(const Config& config) {
    const bool told = config.alerts.wants("guard-lost");
    return {std::string(name_of(config.firewall.mode)), config.firewall.always_allow,
            told ? config.alerts.command : std::vector<std::string>{}, config.alerts.run_as};
}

std::string at_boot_text(const Places& where) {
    // Where `systemctl enable` puts the link, by the unit's [Install] section.
    constexpr const char* link = "/etc/systemd/system/sysinit.target.wants/otk-guard.service";
    if (places("").state != where.state) {
        return fmt::format(
            "`knockmgr guard arm --dir {}` arms it again at boot; it is to run before the network "
            "comes up",
            shell_line({where.state.string()}));
    }
    std::error_code unreadable; // then it is as good as not there
    if (std::filesystem::is_symlink(link, unreadable))
        return "otk-guard.service arms it again at boot, before the network comes up";
    return "at boot its ports would be open until knockd has started: `systemctl enable otk-guard` closes "
           "that gap";
}

} // namespace otk::knockmgr
