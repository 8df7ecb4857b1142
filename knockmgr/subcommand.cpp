#include "knockmgr/subcommand.h"

#include "base/suggest.h"
#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk::knockmgr {

bool Invocation::has(std::string_view option) const { return options.find(option) != options.end(); }

std::optional<std::string> Invocation::value(std::string_view option) const {
    const auto found = options.find(option);
    if (found == options.end()) return std::nullopt;
    return found->second.back();
}

std::vector<std::string> Invocation::values(std::string_view option) const {
    const auto found = options.find(option);
    return found == options.end() ? std::vector<std::string>{} : found->second;
}

const std::vector<Option>& common_options() {
    static const std::vector<Option> options{
        {"dir", "DIR",
         "all state and otk.toml are in DIR (default: OTK_DIR, else /var/lib/otk and /etc/otk)"},
        {"help", "", "show this help"},
    };
    return options;
}

namespace {

const Option& find_option(const Subcommand& subcommand, std::string_view name) {
    std::vector<std::string_view> names;
    for (const std::vector<Option>* const options : {&subcommand.options, &common_options()}) {
        for (const Option& option : *options) {
            if (option.name == name) return option;
            names.push_back(option.name);
        }
    }
    const std::string_view likely = nearest(name, names);
    throw UsageError(fmt::format("{} has no option --{}{}", subcommand.name, printable(name),
                                 likely.empty() ? "" : fmt::format("; did you mean --{}?", likely)));
}

// One pass over the words; `at` is the next one.
class Taker {
  public:
    Taker(const Subcommand& subcommand, std::span<const std::string> words) :
        subcommand_(subcommand), words_(words) {}

    Invocation take() {
        while (at_ < words_.size()) {
            const std::string& word = words_[at_++];
            if (word == "--") {
                take_rest();
            } else if (word == "-h") {
                found_.options["help"].emplace_back();
            } else if (word.size() > 2 && word.compare(0, 2, "--") == 0) {
                take_option(word.substr(2));
            } else if (word.size() > 1 && word.front() == '-') {
                throw UsageError(fmt::format("{} has no option {}; options are written with two dashes",
                                             subcommand_.name, printable(word)));
            } else {
                found_.arguments.push_back(word);
            }
        }
        return std::move(found_);
    }

  private:
    void take_rest() {
        std::vector<std::string>& target = subcommand_.takes_program ? found_.program : found_.arguments;
        target.insert(target.end(), words_.begin() + static_cast<std::ptrdiff_t>(at_), words_.end());
        at_ = words_.size();
    }

    void take_option(std::string_view text) {
        const std::size_t equals = text.find('=');
        const Option& option = find_option(subcommand_, text.substr(0, equals));
        std::vector<std::string>& values = found_.options[std::string(option.name)];
        if (!values.empty() && !option.repeatable) {
            throw UsageError(fmt::format("--{} is given twice", option.name));
        }
        values.push_back(value_of(option, text, equals));
    }

    std::string value_of(const Option& option, std::string_view text, std::size_t equals) {
        if (option.value.empty()) {
            if (equals != std::string_view::npos)
                throw UsageError(fmt::format("--{} takes no value", option.name));
            return {};
        }
        if (equals != std::string_view::npos) return std::string(text.substr(equals + 1));
        if (at_ == words_.size()) throw UsageError(fmt::format("--{} needs {}", option.name, option.value));
        return words_[at_++];
    }

    const Subcommand& subcommand_;
    std::span<const std::string> words_;
    std::size_t at_ = 0;
    Invocation found_;
};

} // namespace

Invocation parse(const Subcommand& subcommand, std::span<const std::string> words) {
    Invocation invocation = Taker(subcommand, words).take();
    if (invocation.has("help")) return invocation; // whoever asks for help need not get the rest right
    if (invocation.arguments.size() < subcommand.fewest) {
        throw UsageError(fmt::format("{} needs {}", subcommand.name, subcommand.arguments));
    }
    if (invocation.arguments.size() > subcommand.most) {
        const std::string extra = printable(invocation.arguments[subcommand.most]);
        throw UsageError(subcommand.most == 0
                             ? fmt::format("{} takes no argument, and '{}' is one", subcommand.name, extra)
                             : fmt::format("'{}' is one argument too many; {} takes {}", extra,
                                           subcommand.name, subcommand.arguments));
    }
    return invocation;
}

} // namespace otk::knockmgr
