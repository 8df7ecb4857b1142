#include "knockd/validate/memory.h"

#include "otp/chain.h"

#include <algorithm>

namespace otk {

void each_with_jumped(const Known& known, Count jumped, const std::function<void(const Known&)>& visit) {
    visit(known);
    Known late = known;
    late.kind = Known::Kind::late;
    for (Count above = 1; above <= std::min(jumped, most_jumped); ++above) {
        late.value = step(late.algorithm, late.value);
        late.count = known.count + above;
        visit(late);
    }
}

void Memory::add(const Known& known, const std::function<void(const Known&)>& forgotten) {
    const Key key{known.algorithm, known.value};
    if (!known_.insert_or_assign(key, known).second) return; // it keeps its place in the order
    order_.push_back(key);
    while (order_.size() > capacity) {
        const auto oldest = known_.find(order_.front());
        order_.pop_front();
        if (oldest == known_.end()) continue;
        forgotten(oldest->second);
        known_.erase(oldest);
    }
}

void Memory::remove(Algorithm algorithm, const Value& value) {
    const Key key{algorithm, value};
    if (known_.erase(key) == 0) return;
    // Only what was added last is ever taken back (a spend that failed), so the search ends at once.
    for (auto each = order_.rbegin(); each != order_.rend(); ++each) {
        if (*each != key) continue;
        order_.erase(std::next(each).base());
        return;
    }
}

Known* Memory::find(Algorithm algorithm, const Value& value) {
    const auto found = known_.find(Key{algorithm, value});
    return found == known_.end() ? nullptr : &found->second;
}

const Known* Memory::find(Algorithm algorithm, const Value& value) const {
    const auto found = known_.find(Key{algorithm, value});
    return found == known_.end() ? nullptr : &found->second;
}

void Memory::each(const std::function<void(const Known&)>& visit) const {
    for (const Key& key : order_) {
        const auto found = known_.find(key);
        if (found != known_.end()) visit(found->second);
    }
}

} // namespace otk
