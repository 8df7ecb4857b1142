#include "store/outcome_text.h"

#include "base/text.h"

#include <cstring>

#include <fmt/format.h>

namespace otk {

namespace {

// Whoever wrote the text may have had nothing to say.
std::string with_text(std::string words, std::string_view separator, const Ending& ending) {
    if (!ending.text.empty()) words += fmt::format("{}{}", separator, printable(ending.text));
    return words;
}

// The step that failed and, where the system said one, the reason.
std::string not_started(const Ending& ending) {
    const std::string text = with_text("not started", ": ", ending);
    return ending.status == 0 ? text
                              : fmt::format("{}: {}", text, std::strerror(static_cast<int>(ending.status)));
}

std::string closed(std::int64_t number) {
    if (number == 0) return "there was nothing to close";
    return fmt::format("closed {} door{}", number, number == 1 ? "" : "s");
}

} // namespace

std::string how_it_ended(const Ending& ending) {
    const std::string time = fmt::format("{} ms", ending.duration.count());
    switch (ending.outcome) {
    case Outcome::none: return "ended";
    case Outcome::exited: return fmt::format("exit {} in {}", ending.status, time);
    case Outcome::killed: return fmt::format("killed by signal {} after {}", ending.status, time);
    case Outcome::timed_out: return fmt::format("ended by its time limit after {}", time);
    case Outcome::not_started: return not_started(ending);
    case Outcome::refused:
        return with_text(fmt::format("refused: {}", name_of(ending.refusal)), ": ", ending);
    case Outcome::interrupted: return with_text("interrupted", ": ", ending);
    case Outcome::opened: return with_text("opened", " ", ending);
    case Outcome::prolonged: return with_text("prolonged", " ", ending);
    case Outcome::closed: return closed(ending.status);
    case Outcome::no_syns:
        return with_text("no connection attempts as the request declared them", ": ", ending);
    }
    return "ended in a way that this version does not know";
}

std::string how_it_ended(const Row& end) {
    const bool cut_off = end.kind == RowKind::interrupted;
    return how_it_ended(
        {cut_off ? Outcome::interrupted : end.outcome, end.refusal, end.status, end.duration, end.text});
}

} // namespace otk
