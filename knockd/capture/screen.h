// Finds the knocks among packets: reads each packet's candidates, hashes each reading up to `window` times
// and looks the results up (DESIGN 4). Garbage costs hashes and nearly nothing else.
//
// Packets are screened many at a time and in step: first the values as they are, all of them, then all one
// hash farther, and so on. So the processor works on the hashes of several packets at once, and the cache
// line that a look-up needs is asked for while other values are still being hashed.
#pragma once

#include "knockd/capture/value_table.h"
#include "net/knock.h"
#include "otp/digest.h"
#include "otp/text_form.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace otk {

struct Found {
    Algorithm algorithm{};
    std::uint8_t steps = 0; // 0: a known value; else how many steps lead to an image
    Value value;
    Address named;
    bool in_request = false; // the value begins the message of its candidate
};

class Screen {
  public:
    // `algorithms` is a set of bit(Algorithm); `window` is 1 to largest_window.
    Screen(const ValueTable& table, std::uint8_t algorithms, unsigned window);

    // Beyond this, more packets gain nothing measurable, and what waits should stay in the first cache.
    static constexpr std::size_t most_packets = 32;

    // Takes what may be a knock of one packet; nothing refers to its bytes afterwards. False: there is no
    // value in it that would have to be hashed, and the packet is not among those that wait. Not when full().
    [[nodiscard]] bool add(const Candidates& candidates);
    [[nodiscard]] std::size_t waiting() const { return packets_; }
    [[nodiscard]] bool full() const;

    // What was found in each packet that waited, in the order of their coming, and none waits any more. Of a
    // packet's values a known one wins (of several the last), else the one that is nearest to an image (of
    // several the first). Valid until the next call of add().
    [[nodiscard]] std::span<const std::optional<Found>> find();

  private:
    // An echo request gives four raw candidates, each a value of every algorithm; a text has at most six
    // readings, each for at most the three algorithms of 64 bits, and may be raw besides.
    static constexpr std::size_t most_tries_of_one = 24;
    static constexpr std::size_t most_tries = 128;

    // A value of a packet, to be hashed by one algorithm.
    struct Try {
        Value value;
        Address named;
        std::uint8_t packet = 0;
        bool in_request = false;
    };

    void try_raw(const Candidate& candidate);
    void try_text(const Candidate& candidate);
    void try_value(Algorithm algorithm, const Value& value, const Candidate& candidate);
    [[nodiscard]] bool look(unsigned steps);
    [[nodiscard]] bool ask_table(std::size_t index, unsigned steps);
    void drop_decided();

    const ValueTable& table_;
    std::uint8_t algorithms_;
    unsigned window_;

    std::size_t packets_ = 0;
    std::size_t tries_ = 0;
    std::array<std::optional<Found>, most_packets> found_;
    std::array<Try, most_tries> all_tries_;
    std::array<Walker, most_tries> walkers_; // each where its try is, beside each other: they change together
    std::array<ValueTable::Place, most_tries> places_{};
};

} // namespace otk
