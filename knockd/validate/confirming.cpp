#include "knockd/validate/confirming.h"

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::chrono::minutes answered_for{1}; // after that capture says no more than to anybody else

std::string text_of(const message::Done& done) {
    switch (done.outcome) {
    case Outcome::exited: return fmt::format("done {}", done.status);
    case Outcome::opened:
    case Outcome::prolonged: // what was prolonged may be a door or a hold of a program
        return done.port != 0 ? fmt::format("open {}", done.port) : "done 0";
    case Outcome::closed: return "done 0";
    case Outcome::refused: return fmt::format("refused {}", name_of(done.refusal));
    case Outcome::killed:
    case Outcome::timed_out:
    case Outcome::not_started:
    case Outcome::interrupted:
    case Outcome::no_syns: return "failed";
    case Outcome::none: break;
    }
    return {};
}

} // namespace

message::Confirm confirm_refusal(Algorithm algorithm, const Value& value, Refusal refusal) {
    message::Confirm confirm;
    confirm.algorithm = algorithm;
    confirm.value = value;
    confirm.text = message::Text<40>::of(fmt::format("refused {}", name_of(refusal)));
    return confirm;
}

namespace {

std::optional<message::Confirm> confirm_knock(const Row& knock, std::string_view text, Time now) {
    if (knock.kind != RowKind::accepted || now - knock.at >= answered_for || text.empty())
        return std::nullopt;
    message::Confirm confirm;
    confirm.algorithm = knock.algorithm;
    confirm.value = knock.value;
    confirm.text = message::Text<40>::of(text);
    return confirm;
}

} // namespace

std::optional<message::Confirm> confirm_closed(const Row& knock, Time now) {
    return confirm_knock(knock, "closed", now);
}

std::optional<message::Confirm> confirm_end(const message::Done& done, const Row& knock, Time now) {
    const std::string text = text_of(done);
    auto confirm = confirm_knock(knock, text, now);
    if (confirm && text.starts_with("open ")) confirm->deadline = done.deadline;
    return confirm;
}

} // namespace otk
