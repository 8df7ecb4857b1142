// Sheets as text in the tests of lib/sheet.
#pragma once

#include "sheet/sheet.h"

#include <string>
#include <string_view>

namespace otk::test {

inline std::string page_of(const SheetContents& contents) {
    return std::string(render_text(contents).text());
}

inline bool says(const std::string& page, std::string_view words) {
    return page.find(words) != std::string::npos;
}

} // namespace otk::test
