#include "knockd/forward/admission.h"

#include <algorithm>

namespace otk {

Admission::Answer Admission::ask(const Address& source) {
    if (std::find(allowed_.begin(), allowed_.end(), source) != allowed_.end()) return Answer::welcome;
    if (allowed_.size() >= claims_ || !source.usable()) return Answer::refused;
    allowed_.push_back(source);
    return Answer::claimed;
}

} // namespace otk
