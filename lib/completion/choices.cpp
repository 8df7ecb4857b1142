#include "base/promise.h"
#include "completion/grammar.h"

namespace otk::completion {

std::string with_choices(std::string_view help, std::span<const Choice> choices) {
    constexpr std::string_view place = "{}";
    const std::size_t at = help.find(place);
    promise((at == std::string_view::npos) == choices.empty(),
            "a help text names the choices, if there are any");
    if (choices.empty()) return std::string(help);
    std::string list;
    for (const Choice& choice : choices) {
        if (!list.empty()) list += ", ";
        list += choice.word;
        if (!choice.help.empty()) list.append(" (").append(choice.help).append(")");
    }
    return std::string(help).replace(at, place.size(), list);
}

} // namespace otk::completion
