#include "knockd/capture/confirmations.h"

#include "otp/text_form.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk {

namespace {

static_assert(sizeof(message::Confirm::text) + sizeof(" 604800s") <= sizeof(ConfirmationText::bytes));

ConfirmationText text_of(const message::Confirm& confirm, Time wall_clock) {
    ConfirmationText text;
    const std::string_view what = confirm.text.view();
    if (confirm.deadline <= 0) {
        std::copy(what.begin(), what.end(), text.bytes.begin());
        text.size = what.size();
        return text;
    }
    const auto left =
        std::chrono::floor<std::chrono::seconds>(from_nanoseconds(confirm.deadline) - wall_clock);
    const auto shown = std::max(left, std::chrono::seconds{0}).count();
    const auto written = fmt::format_to_n(text.bytes.data(), text.bytes.size(), "{} {}s", what, shown);
    text.size = std::min(written.size, text.bytes.size());
    return text;
}

} // namespace

Confirmations::Confirmations(std::uint8_t algorithms) : algorithms_(algorithms), ring_(most) {
    place_of_.reserve(most);
}

void Confirmations::add(const message::Confirm& confirm, std::chrono::nanoseconds now) {
    if (const auto earlier = place_of_.find(confirm.value); earlier != place_of_.end()) {
        ring_[earlier->second] = {};
        place_of_.erase(earlier);
    }
    Entry& entry = ring_[next_];
    if (!entry.confirm.value.empty()) place_of_.erase(entry.confirm.value);
    entry = {confirm, now};
    place_of_.emplace(confirm.value, next_);
    next_ = (next_ + 1) % ring_.size();
}

const Confirmations::Entry* Confirmations::find(const Value& value) const {
    const auto place = place_of_.find(value);
    return place == place_of_.end() ? nullptr : &ring_[place->second];
}

ConfirmationText Confirmations::about(const Candidates& candidates, std::chrono::nanoseconds now,
                                      Time wall_clock) const {
    if (place_of_.empty()) return {};
    const auto said = [&](const Entry* entry) { return entry != nullptr && now - entry->arrived < lifetime; };
    for (const Candidate& candidate : candidates) {
        if (!candidate.message.empty()) {
            const Entry* entry = find(Value(candidate.bytes));
            if (said(entry)) return text_of(entry->confirm, wall_clock);
            continue;
        }
        for (const Reading& reading :
             read_value(as_text(candidate.bytes), TextSource::dns_label, algorithms_)) {
            const Entry* entry = find(reading.value);
            if (said(entry)) return text_of(entry->confirm, wall_clock);
        }
    }
    return {};
}

} // namespace otk
