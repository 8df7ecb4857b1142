#include "knockd/capture/screen.h"

#include "otp/chain.h"

namespace otk {

Screen::Screen(ValueTable& table, std::uint8_t algorithms, unsigned window) :
    table_(table), algorithms_(algorithms), window_(window) {}

std::optional<Found> Screen::find(const Candidates& candidates) const {
    std::optional<Found> best;
    for (const Candidate& candidate : candidates)
        try_candidate(candidate, best);
    return best;
}

void Screen::try_candidate(const Candidate& candidate, std::optional<Found>& best) const {
    if (candidate.shape != Shape::raw) {
        const TextSource source = candidate.shape == Shape::label ? TextSource::dns_label : TextSource::line;
        for (const Reading& reading : read_value(as_text(candidate.bytes), source, algorithms_)) {
            for (const Algorithm algorithm : all_algorithms) {
                if (reading.algorithms & bit(algorithm))
                    try_value(algorithm, reading.value, candidate.named, best);
            }
        }
        return;
    }
    for (const Algorithm algorithm : all_algorithms) {
        if (!(algorithms_ & bit(algorithm))) continue;
        const std::size_t size = value_size(algorithm);
        if (candidate.only_64_bit && size != 8) continue;
        const bool fits = candidate.whole ? candidate.bytes.size() == size : candidate.bytes.size() >= size;
        if (fits) try_value(algorithm, Value(candidate.bytes.first(size)), candidate.named, best);
    }
}

void Screen::try_value(Algorithm algorithm, const Value& value, const Address& named,
                       std::optional<Found>& best) const {
    if (table_.find(algorithm, value) & ValueTable::is_known) {
        best = Found{algorithm, 0, value, named};
        return;
    }
    const unsigned farthest = best ? best->steps : window_ + 1; // only a nearer one is of interest
    Value walked = value;
    for (unsigned steps = 1; steps < farthest; ++steps) {
        walked = step(algorithm, walked);
        if (table_.find(algorithm, walked) & ValueTable::is_image) {
            best = Found{algorithm, static_cast<std::uint8_t>(steps), value, named};
            return;
        }
    }
}

} // namespace otk
