// What knockmgr prints: text, tables for people, JSON for programs. Everything that strangers or users chose
// is made printable before it reaches a terminal.
#pragma once

#include "base/clock.h"
#include "base/promise.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace otk::knockmgr {

using Json = nlohmann::ordered_json; // keys in the order in which they were put

// To standard output, what was asked for: without it nothing was done. Returns 0, the exit code of what went
// well.
int print(std::string_view text);
int print_json(const Json& value);
// To standard output, about what was changed. It stays changed though nobody can be told, so the exit code is
// 0.
int report(std::string_view text);
int report_json(const Json& value);

// A line to standard error that begins with "knockmgr: warning: ".
void warn(std::string_view text);

// Flushes standard output. When something did not get out (a full disk, a closed descriptor) it throws Error
// if any of it was printed, and warns if all was reported.
void finish_output();
// The reader of what was printed has left. He has seen enough (`| head`), so main ends as quietly as any
// other program would.
class ReaderLeft : public Error {
  public:
    using Error::Error;
};

// Columns as wide as their widest cell.
class Table {
  public:
    explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    // The rows under the header; `when_empty` instead of a header without rows.
    [[nodiscard]] std::string text(std::string_view when_empty) const;

  private:
    std::vector<std::vector<std::string>> rows_;
};

// "name:   value" lines, the values in one column; a value may have several lines.
class Fields {
  public:
    void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
    [[nodiscard]] std::string text() const;

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

// The time in UTC, or null.
[[nodiscard]] Json json_time(const std::optional<Time>& time);
// "enabled" or "disabled".
[[nodiscard]] std::string state_word(bool enabled);
// The arguments as a shell would take them: quoted where that is needed.
[[nodiscard]] std::string shell_line(const std::vector<std::string>& argv);
// One after the other with a blank between them.
[[nodiscard]] std::string joined(const std::vector<std::string>& names);
// "1 knock", "2 knocks"
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view what);

} // namespace otk::knockmgr
