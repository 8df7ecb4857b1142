// The labels in front of a zone, in wire form: base32 of a signed knock, or nothing.
#include "base/promise.h"
#include "net/knock.h"

#include <algorithm>
#include <cstddef>
#include <string>

using namespace otk;

namespace {

// The digits of the labels, as the one text that they would be written as.
std::string digits_of(Bytes front) {
    std::string text;
    for (std::size_t at = 0; at < front.size(); at += std::size_t{1} + front[at]) {
        for (const std::uint8_t octet : front.subspan(at + 1, front[at])) {
            char c = static_cast<char>(octet);
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
            text += c == '0' ? 'O' : c == '1' ? 'I' : c == '8' ? 'B' : c;
        }
    }
    return text;
}

std::string base32_of(Bytes bytes) {
    std::string text;
    for (std::size_t bit = 0; bit < 8 * bytes.size(); bit += 5) {
        unsigned digit = 0;
        for (std::size_t i = bit; i < bit + 5; ++i) {
            const bool set = i < 8 * bytes.size() && (bytes[i / 8] >> (7 - i % 8) & 1U) != 0;
            digit = digit << 1U | (set ? 1U : 0U);
        }
        text += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[digit];
    }
    return text;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes front(data, size);
    RequestRoom room{};
    const auto joined = join_labels(front, room);
    if (joined) {
        promise(joined->size() <= room.size(), "what was joined fits its room");
        promise(base32_of(*joined) == digits_of(front), "bytes have one base32, and this is it");
    }
    Below below;
    below.front = front;
    below.labels = 2; // as many labels as may be, but more than one
    const Candidates candidates = dns_candidates(below, room);
    promise(candidates.size() <= 1, "a name is at most one message");
    for (const Candidate& candidate : candidates) {
        promise(joined && candidate.message.size() == joined->size(), "it is what the labels hold");
        promise(looks_signed(candidate.message), "it looks like one");
        promise(candidate.whole &&
                    std::equal(candidate.bytes.begin(), candidate.bytes.end(), candidate.message.begin()),
                "its value stands at its beginning");
        promise(candidate.bytes.size() == type_offset, "and is one of sha256");
    }
    return 0;
}
