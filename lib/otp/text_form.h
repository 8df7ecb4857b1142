// The text forms of a value (DESIGN 3): hex, base32 of RFC 4648, six or twelve words.
#pragma once

#include "otp/algorithm.h"
#include "otp/value.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace otk {

enum class TextForm : std::uint8_t { words, hex, base32 };

// Upper-case words parted by a space; hex in groups of 4 digits; base32 in groups of 4 characters. Grouping
// is for people; compact gives the form without separators (words keep `_`), as it goes into a DNS label or
// `ping -p`.
[[nodiscard]] std::string format_value(const Value& value, TextForm form);
[[nodiscard]] std::string format_compact(const Value& value, TextForm form);

// Where a text came from decides which separators may stand in it.
enum class TextSource : std::uint8_t {
    // A packet's text, an argument, a terminal. Between two words stands white space, or one of `_` `-` `.`
    // with or without white space around it; hex and base32 may be grouped by white space and `-` anyhow.
    line,
    dns_label // a DNS label: `_` or `-` between words, no groups in hex and base32
};

// What a text may mean. A text can be read in more than one way (six words that are also hex digits; words of
// an alternate dictionary, which mean another value for each algorithm): the reading that verifies wins, so
// all are kept, each with the algorithms it is for. At most six, and no allocation: this runs on every
// look-alike packet.
struct Reading {
    Value value;
    TextForm form{};
    std::uint8_t algorithms = 0; // bit(Algorithm) for each algorithm the reading may be tried with
};
class Readings {
  public:
    void add(const Reading& reading);
    [[nodiscard]] const Reading* begin() const { return readings_.data(); }
    [[nodiscard]] const Reading* end() const { return readings_.data() + size_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

  private:
    std::array<Reading, 6> readings_{};
    std::size_t size_ = 0;
};

// Length and alphabet decide; nothing that parses gives no readings. Text of more than 128 bytes is never a
// value. `wanted` is a set of bits: readings for other algorithms are left out.
[[nodiscard]] Readings read_value(std::string_view text, TextSource source, std::uint8_t wanted);

} // namespace otk
