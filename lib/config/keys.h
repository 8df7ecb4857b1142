// The table of all keys of otk.toml: how each is read, and how it is explained in the default file.
#pragma once

#include "config/config.h"
#include "config/reading.h"

#include <span>
#include <string_view>

namespace otk {

struct Key {
    std::string_view section;
    std::string_view name;
    std::string_view written_default; // as TOML
    std::string_view comment;         // lines parted by \n, without `#`
    void (*read)(const SettingReader& setting, Config& config);
};

// In the order of the default file: keys of one section stand together.
[[nodiscard]] std::span<const Key> all_keys();

} // namespace otk
