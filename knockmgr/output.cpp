#include "knockmgr/output.h"

#include "base/standard_streams.h"
#include "base/text.h"
#include "sys/priority.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

bool printed = false; // since the last finish_output

// Bytes of an argv need not be UTF-8: they are replaced and do not end the listing.
std::string dumped(const Json& value) {
    return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace

int print(std::string_view text) {
    printed = true;
    return report(text);
}

int report(std::string_view text) {
    put_text(text);
    return 0;
}

int print_json(const Json& value) { return print(dumped(value)); }

int report_json(const Json& value) { return report(dumped(value)); }

void warn(std::string_view text) { tell("{}knockmgr: warning: {}\n", prefix_of(Priority::warning), text); }

void finish_output() {
    const bool wanted = std::exchange(printed, false);
    const int fault = flush_output();
    if (fault == 0) return;
    const Error error = system_error("writing to standard output", fault);
    if (!wanted) return warn(fmt::format("it is done, but this could not be told: {}", error.what()));
    if (fault == EPIPE) throw ReaderLeft(error.what());
    throw Error(error);
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
