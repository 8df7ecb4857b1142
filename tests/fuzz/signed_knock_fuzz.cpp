// Signed knocks: what is read is written in the same bytes, and of a message there is one valid signature,
// which its owner's key makes again.
#include "request_ends.h"

#include <cstddef>

using namespace otk;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes message(data, size);
    const auto knock = parse_signed_knock(message);
    if (!knock) return 0;
    promise(looks_signed(message), "what can be read has the shape that capture looks for");
    const auto written = format_signed_knock(*knock);
    promise(std::equal(written.begin(), written.end(), message.begin(), message.end()),
            "it has one spelling");

    const fuzz::Ends& ends = fuzz::ends();
    SignedKnock again = *knock;
    sign(again, ends.key, ends.addressee);
    promise(verify(*knock, ends.public_key, ends.addressee) == (again.signature == knock->signature),
            "it verifies if its owner signed it, and only then");
    return 0;
}
