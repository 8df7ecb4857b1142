#include "knockd/monitor/ends.h"

#include <fmt/format.h>

namespace otk {

End end_of(RowNumber row, Outcome outcome, std::string_view text) {
    End end;
    end.done.row = row;
    end.done.outcome = outcome;
    end.done.text = message::Text<128>::of(text);
    return end;
}

End end_of_door(RowNumber row, Outcome outcome, const OpenHold& hold, std::string_view remark) {
    using std::chrono::seconds;
    const auto left = std::chrono::round<seconds>(hold.until - std::chrono::steady_clock::now());
    std::string text = fmt::format("{} for {} s", describe_door(hold), left.count());
    if (outcome == Outcome::prolonged)
        text = fmt::format("row {}: {}", static_cast<std::int64_t>(hold.hold.row), text);
    if (!remark.empty()) text += fmt::format(" ({})", remark);
    End end = end_of(row, outcome, text);
    end.done.port = hold.port;
    end.done.deadline = to_nanoseconds(hold.hold.deadline);
    return end;
}

} // namespace otk
