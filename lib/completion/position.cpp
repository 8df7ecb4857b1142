#include "completion/position.h"

#include <algorithm>

namespace otk::completion {

namespace {

bool takes_next_word(const Option& option) { return !option.value.empty() && !option.value.starts_with('['); }

bool is_option(std::string_view word) { return word.size() > 1 && word.front() == '-'; }

class Reader {
  public:
    Reader(const Grammar& grammar, std::span<const std::string> words) : grammar_(grammar), words_(words) {}

    Position read() {
        while (at_ < words_.size() && find_option(grammar_.leading, words_[at_]) != nullptr)
            read_option(grammar_.leading);
        read_name();
        if (found_.subcommand != nullptr) read_arguments();
        return std::move(found_);
    }

  private:
    void read_option(std::span<const Option> options) {
        const std::string_view word = words_[at_++];
        const Option* const option = find_option(options, word);
        if (option == nullptr) return;
        const std::size_t equals = word.find('=');
        std::string_view& value = found_.options[option->name];
        value = equals == std::string_view::npos ? "" : word.substr(equals + 1);
        if (!takes_next_word(*option) || equals != std::string_view::npos) return;
        if (at_ == words_.size()) {
            found_.value_of = option;
        } else {
            value = words_[at_++];
        }
    }

    // Two words go before one, as in the programs themselves: `doors close` is not `doors`.
    void read_name() {
        const auto rest = words_.subspan(at_);
        found_.name = rest;
        for (std::size_t count = std::min<std::size_t>(rest.size(), 2) + 1; count-- > 0;) {
            const std::string name = count == 2 ? rest[0] + " " + rest[1] : count == 1 ? rest[0] : "";
            for (const Subcommand& subcommand : grammar_.subcommands) {
                if (subcommand.name != name) continue;
                found_.subcommand = &subcommand;
                found_.name = rest.first(count);
                at_ += count;
                found_.behind_name = at_ == words_.size();
                return;
            }
        }
    }

    void read_arguments() {
        while (at_ < words_.size()) {
            const std::string_view word = words_[at_];
            if (found_.options_ended || !is_option(word)) {
                found_.operands.push_back(word);
                ++at_;
            } else if (word == "--") {
                found_.options_ended = true;
                ++at_;
            } else {
                read_option(found_.subcommand->options);
            }
        }
    }

    const Grammar& grammar_;
    std::span<const std::string> words_;
    std::size_t at_ = 0; // the next word
    Position found_;
};

} // namespace

const Option* find_option(std::span<const Option> options, std::string_view word) {
    const std::string_view name = word.substr(0, word.find('='));
    const auto found = std::find_if(options.begin(), options.end(), [&](const Option& option) {
        if (name.starts_with("--")) return option.name == name.substr(2);
        return option.letter != 0 && name.size() == 2 && name[1] == option.letter;
    });
    return found == options.end() ? nullptr : &*found;
}

Position read_position(const Grammar& grammar, std::span<const std::string> before) {
    return Reader(grammar, before).read();
}

} // namespace otk::completion
