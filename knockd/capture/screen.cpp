#include "knockd/capture/screen.h"

#include "base/promise.h"

namespace otk {

Screen::Screen(const ValueTable& table, std::uint8_t algorithms, unsigned window) :
    table_(table), algorithms_(algorithms), window_(window) {}

bool Screen::full() const { return packets_ == most_packets || tries_ + most_tries_of_one > most_tries; }

bool Screen::add(const Candidates& candidates) {
    const std::size_t before = tries_;
    for (const Candidate& candidate : candidates) {
        if (candidate.shape == Shape::raw)
            try_raw(candidate);
        else
            try_text(candidate);
    }
    if (tries_ == before) return false;
    promise(packets_ < most_packets, "a screening is full");
    found_[packets_++].reset();
    return true;
}

void Screen::try_raw(const Candidate& candidate) {
    for (const Algorithm algorithm : all_algorithms) {
        if (!(algorithms_ & bit(algorithm))) continue;
        const std::size_t size = value_size(algorithm);
        if (candidate.only_64_bit && size != 8) continue;
        const bool fits = candidate.whole ? candidate.bytes.size() == size : candidate.bytes.size() >= size;
        if (fits) try_value(algorithm, Value(candidate.bytes.first(size)), candidate);
    }
}

void Screen::try_text(const Candidate& candidate) {
    const TextSource source = candidate.shape == Shape::label ? TextSource::dns_label : TextSource::line;
    for (const Reading& reading : read_value(as_text(candidate.bytes), source, algorithms_)) {
        for (const Algorithm algorithm : all_algorithms) {
            if (reading.algorithms & bit(algorithm)) try_value(algorithm, reading.value, candidate);
        }
    }
}

void Screen::try_value(Algorithm algorithm, const Value& value, const Candidate& candidate) {
    promise(tries_ < most_tries, "a packet has more readings than the grammar allows");
    all_tries_[tries_] = {value, candidate.named, static_cast<std::uint8_t>(packets_),
                          !candidate.message.empty()};
    walkers_[tries_].begin(algorithm, value);
    ++tries_;
}

std::span<const std::optional<Found>> Screen::find() {
    const std::span<const std::optional<Found>> found(found_.data(), packets_);
    for (unsigned steps = 0; steps <= window_ && tries_ > 0; ++steps) {
        if (look(steps)) drop_decided();
    }
    packets_ = 0;
    tries_ = 0;
    return found;
}

// All values, one step farther (but for step 0). True: at least one of them is a knock.
bool Screen::look(unsigned steps) {
    for (std::size_t i = 0; i < tries_; ++i) {
        if (steps > 0) walkers_[i].step();
        places_[i] = table_.prefetch(walkers_[i].words());
    }
    bool any = false;
    for (std::size_t i = 0; i < tries_; ++i) {
        if (table_.maybe(places_[i]) && ask_table(i, steps)) any = true;
    }
    return any;
}

bool Screen::ask_table(std::size_t index, unsigned steps) {
    const Try& one = all_tries_[index];
    const Walker& walker = walkers_[index];
    std::optional<Found>& found = found_[one.packet];
    if (found && steps > 0) return false; // of the same step: the first one has it
    const auto wanted = steps == 0 ? ValueTable::is_known : ValueTable::is_image;
    if (!(table_.find(walker.algorithm(), walker.words()) & wanted)) return false;
    found = Found{walker.algorithm(), static_cast<std::uint8_t>(steps), one.value, one.named, one.in_request};
    return true;
}

// What comes of the other values of such a packet is of no interest: no later step is nearer.
void Screen::drop_decided() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < tries_; ++i) {
        if (found_[all_tries_[i].packet]) continue;
        all_tries_[kept] = all_tries_[i];
        walkers_[kept] = walkers_[i];
        ++kept;
    }
    tries_ = kept;
}

} // namespace otk
