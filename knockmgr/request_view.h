// What a row's signed knock or dynamic request says, for people and programs.
#pragma once

#include "knockmgr/output.h"
#include "store/ledger.h"

#include <optional>
#include <string>
#include <string_view>

namespace otk::knockmgr {

struct RequestView {
    std::string_view kind;       // "signed" or "dynamic"
    std::string argument;        // as it came; a dynamic request has none
    std::optional<Time> claimed; // its time; none of a dynamic request, whose box only the server could open
};

// Of a knock whose signature was valid; nothing for all others, also where the bytes say nothing.
[[nodiscard]] std::optional<RequestView> request_of(const Row& row);

// ", signed", ", signed, argument nginx", ", dynamic"; empty for a plain knock.
[[nodiscard]] std::string request_remarks(const Row& row);
// Adds request, argument and claimed time; null for a plain knock.
void add_request(Json& json, const Row& row);

} // namespace otk::knockmgr
