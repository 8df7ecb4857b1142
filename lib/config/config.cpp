#include "config/config.h"

#include "base/suggest.h"
#include "base/text.h"
#include "config/keys.h"
#include "config/readers.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

namespace otk {

namespace {

std::vector<std::string_view> section_names() {
    std::vector<std::string_view> names;
    for (const Key& key : all_keys()) {
        if (names.empty() || names.back() != key.section) names.push_back(key.section);
    }
    return names;
}

std::vector<std::string_view> key_names(std::string_view section) {
    std::vector<std::string_view> names;
    for (const Key& key : all_keys()) {
        if (key.section == section) names.push_back(key.name);
    }
    return names;
}

std::string list_of(const std::vector<std::string_view>& names) {
    return fmt::format("{}", fmt::join(names, ", "));
}

void check_sections(const Document& document) {
    const std::vector<std::string_view> names = section_names();
    for (const Section& section : document.sections) {
        if (std::find(names.begin(), names.end(), section.name) != names.end()) continue;
        const std::string_view likely = nearest(section.name, names);
        throw error_at(document, section.at,
                       fmt::format("unknown section [{}]; {}", printable(section.name),
                                   likely.empty() ? "the sections are " + list_of(names)
                                                  : fmt::format("did you mean [{}]?", likely)));
    }
}

// The section a stray key belongs to, for those who left the section's line out.
std::string_view section_that_has(std::string_view name) {
    for (const Key& key : all_keys()) {
        if (key.name == name) return key.section;
    }
    return {};
}

[[noreturn]] void refuse_unknown(const Document& document, const Setting& setting) {
    const std::string key = printable(setting.key);
    if (setting.section.empty()) {
        const std::string_view section = section_that_has(setting.key);
        throw error_at(document, setting.key_at,
                       fmt::format("the key '{}' stands outside every section; {}", key,
                                   section.empty()
                                       ? "the sections are " + list_of(section_names())
                                       : fmt::format("did you mean to put it under [{}]?", section)));
    }
    const std::vector<std::string_view> names = key_names(setting.section);
    const std::string_view likely = nearest(setting.key, names);
    throw error_at(document, setting.key_at,
                   fmt::format("unknown key '{}' in [{}]; {}", key, setting.section,
                               likely.empty() ? "its keys are " + list_of(names)
                                              : fmt::format("did you mean '{}'?", likely)));
}

std::string read_whole(const std::filesystem::path& file) {
    constexpr std::uintmax_t largest_file = 1U << 20;
    errno = 0;
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        const Error fault = system_error(file.string());
        throw Error(fmt::format("{}; `knockmgr init` writes a documented default", fault.what()));
    }
    std::string content{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    if (stream.bad()) throw system_error("reading " + file.string());
    if (content.size() > largest_file) {
        throw Error(fmt::format("{}: larger than {} bytes; this cannot be a configuration", file.string(),
                                largest_file));
    }
    return content;
}

} // namespace

std::string_view name_of(FirewallMode mode) {
    switch (mode) {
    case FirewallMode::guard: return "guard";
    case FirewallMode::sets: return "sets";
    case FirewallMode::none: return "none";
    }
    return "unknown";
}

Config parse_config(std::string_view toml, std::string_view file_name) {
    const Document document = parse_document(toml, file_name);
    check_sections(document);
    Config config;
    for (const Setting& setting : document.settings) {
        const auto keys = all_keys();
        const auto key = std::find_if(keys.begin(), keys.end(), [&](const Key& known) {
            return known.section == setting.section && known.name == setting.key;
        });
        if (key == keys.end()) refuse_unknown(document, setting);
        key->read(SettingReader(document, setting), config);
    }
    check_together(document, config);
    return config;
}

Config load_config(const std::filesystem::path& file) {
    return parse_config(read_whole(file), file.string());
}

std::string default_config_text() {
    std::string text =
        "# otk.toml - the configuration of knockd. All keys are listed with their defaults; a line that is\n"
        "# missing means its default. `knockd --check` says whether the file is right; see otk.toml(5).\n"
        "# After a change: systemctl reload otk\n";
    std::string_view section;
    for (const Key& key : all_keys()) {
        if (key.section != section) {
            text += fmt::format("\n[{}]\n", key.section);
            section = key.section;
        }
        for (const std::string_view line : split(key.comment, '\n')) {
            text += fmt::format("# {}\n", line);
        }
        text += fmt::format("{} = {}\n", key.name, key.written_default);
    }
    return text;
}

} // namespace otk
