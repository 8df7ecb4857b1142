#include "config/document.h"

#include "base/text.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

// The parser asserts what hostile or mistyped input can break (`[[[`): here that is an error like all others,
// not the end of the daemon.
#define TOML_ASSERT(expression) ((expression) ? static_cast<void>(0) : otk::not_toml())

namespace otk {

[[noreturn]] static void not_toml() { throw Error("this is no TOML, near a bracket that is not closed"); }

} // namespace otk

#include <toml++/toml.h>

namespace otk {

namespace {

FilePlace place_of(const toml::source_region& region) { return {region.begin.line, region.begin.column}; }

std::string_view kind_of(const toml::node& node) {
    switch (node.type()) {
    case toml::node_type::none: return "nothing";
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a number";
    case toml::node_type::floating_point: return "a number with a fraction";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::date: return "a date";
    case toml::node_type::time: return "a time";
    case toml::node_type::date_time: return "a date and time";
    }
    return "something else";
}

Scalar scalar_of(const toml::node& node) {
    Scalar scalar{place_of(node.source()), kind_of(node), {}};
    if (const auto* const boolean = node.as_boolean()) {
        scalar.value = boolean->get();
    } else if (const auto* const number = node.as_integer()) {
        scalar.value = number->get();
    } else if (const auto* const text = node.as_string()) {
        scalar.value = text->get();
    }
    return scalar;
}

Setting setting_of(std::string_view section, const toml::key& key, const toml::node& node) {
    Setting setting;
    setting.section = section;
    setting.key = key.str();
    setting.key_at = place_of(key.source());
    setting.at = place_of(node.source());
    if (const toml::array* const items = node.as_array()) {
        setting.list = true;
        for (const toml::node& item : *items) {
            setting.items.push_back(scalar_of(item));
        }
    } else {
        setting.items.push_back(scalar_of(node));
    }
    return setting;
}

bool earlier(const FilePlace& left, const FilePlace& right) {
    return std::tie(left.line, left.column) < std::tie(right.line, right.column);
}

} // namespace

Error error_at(const Document& document, const FilePlace& at, std::string_view what) {
    return Error(fmt::format("{}:{}:{}: {}", document.file_name, at.line, at.column, what));
}

Document parse_document(std::string_view toml, std::string_view file_name) {
    Document document{std::string(file_name), {}, {}};
    toml::table table;
    try {
        table = toml::parse(toml, file_name);
    } catch (const toml::parse_error& fault) {
        throw error_at(document, place_of(fault.source()), printable(fault.description()));
    } catch (const Error& fault) {
        throw Error(document.file_name + ": " + fault.what());
    }
    for (const auto& [key, node] : table) {
        const toml::table* const section = node.as_table();
        if (section == nullptr) {
            document.settings.push_back(setting_of("", key, node));
            continue;
        }
        document.sections.push_back({std::string(key.str()), place_of(key.source())});
        for (const auto& [inner_key, inner_node] : *section) {
            document.settings.push_back(setting_of(key.str(), inner_key, inner_node));
        }
    }
    // The library sorts by name; people read from the top, so the first mistake in the file is reported
    // first.
    std::sort(document.settings.begin(), document.settings.end(),
              [](const Setting& left, const Setting& right) { return earlier(left.key_at, right.key_at); });
    std::sort(document.sections.begin(), document.sections.end(),
              [](const Section& left, const Section& right) { return earlier(left.at, right.at); });
    return document;
}

} // namespace otk
