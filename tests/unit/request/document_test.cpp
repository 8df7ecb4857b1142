// docs/PROTOCOL.md and vectors.json cannot drift apart.
#include "vectors.h"

namespace otk {

using namespace test;

namespace {

std::string without_blanks(std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    return text;
}

// What the document must show of a vector: every string in it. Long ones are broken over lines there.
void collect(const json& vector, std::vector<std::string>& out) {
    if (vector.is_string()) out.push_back(without_blanks(vector.get<std::string>()));
    if (!vector.is_structured()) return;
    for (const json& each : vector)
        collect(each, out);
}

} // namespace

TEST_CASE("docs/PROTOCOL.md shows every vector") {
    const std::string document = without_blanks(content_of(OTK_PROTOCOL));
    std::vector<std::string> shown;
    collect(vectors().at("protocol"), shown);
    REQUIRE(shown.size() > 40);
    for (const std::string& each : shown) {
        CAPTURE(each);
        CHECK(document.find(each) != std::string::npos);
    }
}

} // namespace otk
