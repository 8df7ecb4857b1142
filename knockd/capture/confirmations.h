// What became of knocks, for whoever repeats the name of one over dns (DESIGN 4): the newest of them, each
// for a minute. Only who knows the value can ask, so nobody else learns that there is an answer.
#pragma once

#include "knockd/messages.h"
#include "net/knock.h"
#include "otp/value.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace otk {

// One line for people: "open 50123 27s".
struct ConfirmationText {
    std::array<char, 64> bytes{};
    std::size_t size = 0;
    [[nodiscard]] std::string_view view() const { return {bytes.data(), size}; }
};

class Confirmations {
  public:
    static constexpr std::size_t most = 4096; // the oldest makes room
    static constexpr std::chrono::seconds lifetime{60};

    // `algorithms` is a set of bit(Algorithm): those that a label is read for.
    explicit Confirmations(std::uint8_t algorithms);

    // `now` only rises (a monotonic clock). A later one of the same value takes the place of the earlier one.
    void add(const message::Confirm& confirm, std::chrono::nanoseconds now);

    // What there is to say about the knock that a name reads as (dns_candidates), in any of its readings;
    // empty for nothing. Allocates nothing. `wall_clock` is what deadlines are compared with: a door has its
    // remaining seconds behind its text, "0s" when it is over.
    [[nodiscard]] ConfirmationText about(const Candidates& candidates, std::chrono::nanoseconds now,
                                         Time wall_clock) const;

  private:
    struct Entry {
        message::Confirm confirm; // no value: the place is free
        std::chrono::nanoseconds arrived{};
    };
    [[nodiscard]] const Entry* find(const Value& value) const;

    std::uint8_t algorithms_;
    std::vector<Entry> ring_; // `most` places, in order of arrival, from next_ on
    std::size_t next_ = 0;
    // A value belongs to one algorithm but for an accident of 64 bits, so it alone is the key.
    std::unordered_map<Value, std::size_t, ValueHash> place_of_;
};

} // namespace otk
