#include "knockmgr/request_view.h"

#include "base/text.h"
#include "net/request_shape.h"
#include "policy/decide.h"
#include "request/signed_knock.h"

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

// Refused before anybody could say whose it was: nothing in it counts.
bool was_verified(const Row& row) {
    return row.refusal < Refusal::signature_missing || row.refusal > Refusal::no_server_key;
}

} // namespace

std::optional<RequestView> request_of(const Row& row) {
    if (row.request.empty() || !was_verified(row)) return std::nullopt;
    if (looks_like_dynamic_request(row.request)) return RequestView{"dynamic", "", std::nullopt};
    const auto knock = parse_signed_knock(row.request);
    if (!knock) return std::nullopt;
    RequestView view{"signed", knock->argument, std::nullopt};
    if (knock->time != Time{}) view.claimed = knock->time;
    return view;
}

std::string request_remarks(const Row& row) {
    const auto request = request_of(row);
    if (!request) return {};
    std::string text = fmt::format(", {}", request->kind);
    if (!request->argument.empty()) text += fmt::format(", argument {}", printable(request->argument));
    return text;
}

void add_request(Json& json, const Row& row) {
    const auto request = request_of(row);
    json["request"] = request ? Json(request->kind) : Json();
    json["argument"] = request && !request->argument.empty() ? Json(request->argument) : Json();
    json["claimed_time"] = request ? json_time(request->claimed) : Json();
}

} // namespace otk::knockmgr
