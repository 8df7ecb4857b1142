#include "base/secret.h"

namespace otk {

bool equal_in_constant_time(Bytes left, Bytes right) {
    if (left.size() != right.size()) return false;
    volatile std::uint8_t difference = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
        difference = static_cast<std::uint8_t>(difference | (left[i] ^ right[i]));
    }
    return difference == 0;
}

} // namespace otk
