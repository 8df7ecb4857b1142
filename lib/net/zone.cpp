#include "net/dns.h"

#include "base/promise.h"
#include "base/text.h"
#include "net/dns_name.h"

#include <algorithm>

namespace otk {

std::optional<Zone> Zone::parse(std::string_view text) {
    if (text.ends_with('.')) text.remove_suffix(1);
    Zone zone;
    for (const std::string_view label : split(text, '.')) {
        const bool known_letters = std::all_of(
            label.begin(), label.end(), [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
        if (label.empty() || label.size() > longest_label || !known_letters) return std::nullopt;
        zone.wire_.push_back(static_cast<std::uint8_t>(label.size()));
        for (const char c : label) {
            zone.wire_.push_back(static_cast<std::uint8_t>(to_lower(c)));
        }
    }
    zone.wire_.push_back(0);
    if (zone.wire_.size() > longest_name) return std::nullopt;
    return zone;
}

std::string Zone::text() const {
    std::string text;
    Reader reader(wire_);
    for (auto length = reader.u8(); length && *length != 0; length = reader.u8()) {
        const auto label = reader.take(*length);
        promise(label.has_value(), "a zone's name ends within a label");
        if (!text.empty()) text += '.';
        text += as_text(*label);
    }
    return text;
}

namespace {

// What stands in front of the zone's name, which begins at `at`.
Below describe(Bytes name, std::size_t at, std::size_t zone) {
    Below below;
    below.zone = zone;
    below.front = name.first(at);
    for (std::size_t label = 0; label < at; label += std::size_t{1} + name[label]) {
        ++below.labels;
        below.label = as_text(name.subspan(label + 1, name[label]));
    }
    return below;
}

} // namespace

std::optional<Below> find_zone(const Question& question, std::span<const Zone> zones) {
    std::optional<std::size_t> best;
    std::size_t best_at = 0;
    for (std::size_t i = 0; i < zones.size(); ++i) {
        promise(!zones[i].wire().empty(), "a zone without a name");
        const auto at = find_suffix(question.name, zones[i].wire());
        if (!at) continue;
        // The longest zone leaves the fewest octets in front of it.
        if (best && *at >= best_at) continue;
        best = i;
        best_at = *at;
    }
    if (!best) return std::nullopt;
    return describe(question.name, best_at, *best);
}

} // namespace otk
