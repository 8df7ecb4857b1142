// Candidates as text that can be compared.
#pragma once

#include "base/text.h"
#include "net/knock.h"

#include <string>

namespace otk {

// One line a candidate: shape, bytes (hex for raw, as they are for text), named address, flags.
inline std::string described(const Candidates& candidates) {
    std::string all;
    for (const Candidate& candidate : candidates) {
        if (!all.empty()) all += "; ";
        switch (candidate.shape) {
        case Shape::raw: all += "raw " + to_hex(candidate.bytes); break;
        case Shape::text: all += "text '" + std::string(as_text(candidate.bytes)) + "'"; break;
        case Shape::label: all += "label " + std::string(as_text(candidate.bytes)); break;
        }
        if (!candidate.named.empty()) all += " for " + candidate.named.text();
        if (candidate.only_64_bit) all += " 64-bit";
        if (candidate.whole) all += " whole";
        if (!candidate.message.empty()) all += " of " + std::to_string(candidate.message.size());
    }
    return all;
}

} // namespace otk
