#include "knockd/validate/attempts.h"

#include <algorithm>

namespace otk {

unsigned Attempts::of(const Value& value) {
    if (const auto known = known_.find(value); known != known_.end()) return known->second;
    if (known_.size() >= most_remembered) known_.clear();
    const auto written = std::min<std::size_t>(ledger_.times_not_signed(value), most);
    return known_.emplace(value, static_cast<unsigned>(written)).first->second;
}

unsigned Attempts::add(const Value& value) {
    const unsigned number = of(value) + 1;
    known_[value] = number;
    return number;
}

} // namespace otk
