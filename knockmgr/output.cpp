#include "knockmgr/output.h"

#include "base/promise.h"
#include "base/text.h"
#include "sys/priority.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace otk::knockmgr {

int print(std::string_view text) {
    (void)std::fwrite(text.data(), 1, text.size(), stdout); // finish_output looks at the error flag
    return 0;
}

int print_json(const Json& value) {
    // Bytes of an argv need not be UTF-8: they are replaced and do not end the listing.
    return print(value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void warn(std::string_view text) {
    fmt::print(stderr, "{}knockmgr: warning: {}\n", prefix_of(Priority::warning), text);
}

void finish_output() {
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
        throw system_error("writing to standard output");
}

std::string Table::text(std::string_view when_empty) const {
    if (rows_.size() == 1) return fmt::format("{}\n", when_empty);
    std::vector<std::size_t> widths;
    for (const std::vector<std::string>& row : rows_) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (const std::vector<std::string>& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const bool last = i + 1 == row.size();
            line += last ? row[i] : fmt::format("{:<{}}  ", row[i], widths[i]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + '\n';
    }
    return text;
}

std::string Fields::text() const {
    std::size_t width = 0;
    for (const auto& [name, value] : fields_)
        width = std::max(width, name.size() + 1);
    std::string text;
    for (const auto& [name, value] : fields_) {
        std::string label = name + ':';
        for (const std::string_view line : split(value, '\n')) {
            text += fmt::format("{:<{}}  {}\n", label, width, line);
            label.clear();
        }
    }
    return text;
}

Json json_time(const std::optional<Time>& time) { return time ? Json(format_utc(*time, true)) : Json(); }

std::string state_word(bool enabled) { return enabled ? "enabled" : "disabled"; }

std::string shell_line(const std::vector<std::string>& argv) {
    constexpr std::string_view plain = "/._-+:,@%={}";
    std::string line;
    for (const std::string& argument : argv) {
        if (!line.empty()) line += ' ';
        const bool clean = !argument.empty() && std::all_of(argument.begin(), argument.end(), [&](char c) {
            return is_alphanumeric(c) || plain.find(c) != std::string_view::npos;
        });
        line += clean ? argument : '\'' + printable(argument) + '\'';
    }
    return line;
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "" : " ") + name;
    return text;
}

std::string counted(std::uint64_t number, std::string_view what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

} // namespace otk::knockmgr
