#include "completion/complete.h"

#include "base/text.h"
#include "completion/position.h"
#include "completion/synopsis.h"

#include <algorithm>
#include <exception>
#include <set>

namespace otk::completion {

namespace {

bool is_harmless(std::string_view word) {
    constexpr std::string_view others = "-_.:/=,@%+";
    return !word.empty() && std::all_of(word.begin(), word.end(), [&](char c) {
        return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
    });
}

// The first sentence, in one line, without what could move a cursor.
std::string short_help(std::string_view help) {
    std::string line;
    for (const char c : help) {
        const bool blank = c == '\n' || c == ' ' || c == '\t';
        if (blank && line.ends_with('.')) break;
        if (!blank) {
            line += c > ' ' && c <= '~' ? c : '?';
        } else if (!line.ends_with(' ')) {
            line += ' ';
        }
    }
    if (line.ends_with('.')) line.pop_back();
    return line;
}

// "[=PORT]" is a PORT.
std::string_view placeholder_of(const Option& option) {
    const std::string_view value = option.value;
    return value.starts_with("[=") ? value.substr(2, value.size() - 3) : value;
}

std::string_view first_word(std::string_view name) { return name.substr(0, name.find(' ')); }

class Offers {
  public:
    Offers(const Grammar& grammar, Position position, std::string_view typed, const Names& names) :
        grammar_(grammar), position_(std::move(position)), typed_(typed), names_(names) {}

    Answer answer() {
        if (position_.value_of != nullptr) {
            offer_values(*position_.value_of, typed_);
        } else if (position_.subcommand == nullptr) {
            offer_names_of_subcommands();
        } else if (position_.options_ended && position_.subcommand->takes_program) {
            answer_.by_shell = ByShell::files;
        } else if (typed_.starts_with('-') && !position_.options_ended) {
            offer_option_or_its_values();
        } else {
            offer_operands();
        }
        return std::move(answer_);
    }

  private:
    void offer(std::string word, std::string_view help) {
        if (word.starts_with(typed_) && is_harmless(word))
            answer_.candidates.push_back({std::move(word), short_help(help)});
    }

    void offer_names_of_subcommands() {
        if (position_.name.size() == 1) return offer_second_words(position_.name[0]);
        if (!position_.name.empty()) return;
        if (typed_.starts_with('-')) return offer_options(grammar_.leading);
        std::set<std::string_view> offered;
        for (const Subcommand& subcommand : grammar_.subcommands) {
            const std::string_view first = first_word(subcommand.name);
            if (!offered.insert(first).second) continue;
            offer(std::string(first),
                  first == subcommand.name ? std::string(subcommand.summary) : family(first));
        }
    }

    // Those of two words: "add, list, show".
    std::string family(std::string_view first) const {
        std::string list;
        for (const Subcommand& subcommand : grammar_.subcommands) {
            if (first_word(subcommand.name) == first)
                list.append(list.empty() ? "" : ", ").append(subcommand.name.substr(first.size() + 1));
        }
        return list;
    }

    void offer_second_words(std::string_view first) {
        for (const Subcommand& subcommand : grammar_.subcommands) {
            if (first_word(subcommand.name) == first && subcommand.name != first)
                offer(std::string(subcommand.name.substr(first.size() + 1)), subcommand.summary);
        }
    }

    void offer_options(std::span<const Option> options) {
        for (const Option& option : options) {
            const bool stands = position_.options.find(option.name) != position_.options.end();
            if (!stands || option.repeatable) offer("--" + std::string(option.name), option.help);
        }
    }

    void offer_option_or_its_values() {
        const std::size_t equals = typed_.find('=');
        if (equals == std::string_view::npos) return offer_options(position_.subcommand->options);
        const Option* const option = find_option(position_.subcommand->options, typed_);
        if (option != nullptr && !option->value.empty()) offer_values(*option, typed_.substr(equals + 1));
    }

    // `typed`: what of the word at the cursor is the value; what stands before it is kept.
    void offer_values(const Option& option, std::string_view typed) {
        const std::string_view placeholder = placeholder_of(option);
        if (placeholder == "LIST") return offer_list(option, typed);
        for (const Choice& choice : option.choices)
            offer(before(typed).append(choice.word), choice.help);
        offer_names(placeholder, option.name, typed);
    }

    void offer_list(const Option& option, std::string_view typed) {
        const std::string_view chosen = typed.substr(0, typed.rfind(',') + 1);
        const auto taken = split(chosen, ',');
        for (const Choice& choice : option.choices) {
            const bool again = std::find(taken.begin(), taken.end(), choice.word) != taken.end();
            const bool alone = choice.word == "any" && !chosen.empty();
            if (!again && !alone) offer(before(typed).append(chosen).append(choice.word), choice.help);
        }
    }

    std::string before(std::string_view typed) const {
        return std::string(typed_.substr(0, typed_.size() - typed.size()));
    }

    void offer_operands() {
        const Subcommand& subcommand = *position_.subcommand;
        if (position_.behind_name && !subcommand.name.empty()) offer_second_words(subcommand.name);
        const auto operands = next_operands(subcommand.operands, position_.operands);
        for (const std::string_view operand : operands) {
            if (is_placeholder(operand)) {
                offer_names(operand, "", typed_);
            } else {
                offer(std::string(operand), "");
            }
        }
        // Where nothing else can stand, options are what is left.
        if (operands.empty() && !position_.options_ended) offer_options(subcommand.options);
    }

    void offer_names(std::string_view placeholder, std::string_view option, std::string_view typed) {
        if (placeholder.starts_with("FILE")) answer_.by_shell = ByShell::files;
        if (placeholder == "DIR") answer_.by_shell = ByShell::directories;
        if (placeholder == "ACCOUNT") answer_.by_shell = ByShell::accounts;
        if (answer_.by_shell != ByShell::nothing) return;
        const std::string_view subcommand = position_.subcommand ? position_.subcommand->name : "";
        try {
            for (const Candidate& name :
                 names_({placeholder, typed, subcommand, option, position_.operands, position_.options}))
                offer(before(typed) + name.word, name.help);
        } catch (const std::exception&) { // nothing is there, or the caller may not read it
        }
    }

    const Grammar& grammar_;
    const Position position_;
    const std::string_view typed_;
    const Names& names_;
    Answer answer_;
};

} // namespace

Answer complete(const Grammar& grammar, std::span<const std::string> words, const Names& names) {
    const std::size_t before = words.size() - 1;
    return Offers(grammar, read_position(grammar, words.first(before)), words[before], names).answer();
}

} // namespace otk::completion
