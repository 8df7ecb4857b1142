// A TOML file as this program needs it: keys in sections, each a bool, a whole number, a text or a list of
// them, with the place it stands at. The only part that knows the TOML library.
#pragma once

#include "base/promise.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace otk {

struct FilePlace {
    std::uint32_t line = 0; // from 1
    std::uint32_t column = 0;
};

// A value that is none of the three kinds keeps only the name of what it is.
struct Scalar {
    FilePlace at;
    std::string_view kind; // "a text", "a number", "true or false", "a date", ...
    std::variant<std::monostate, bool, std::int64_t, std::string> value;
};

struct Setting {
    std::string section; // "" for a key that stands outside every section
    std::string key;
    FilePlace key_at;
    FilePlace at; // of the value
    bool list = false;
    std::vector<Scalar> items; // exactly one unless it is a list
};

struct Section {
    std::string name;
    FilePlace at;
};

struct Document {
    std::string file_name;
    std::vector<Section> sections;
    std::vector<Setting> settings; // in order of appearance
};

// Throws Error "FILE:LINE:COLUMN: what is wrong" when it is not TOML or nests sections.
[[nodiscard]] Document parse_document(std::string_view toml, std::string_view file_name);

// "FILE:LINE:COLUMN: what"
[[nodiscard]] Error error_at(const Document& document, const FilePlace& at, std::string_view what);

} // namespace otk
