// Text that may be a value: whatever is read is written again in its own form and must read as the same
// value.
#include "base/promise.h"
#include "otp/text_form.h"

#include <algorithm>
#include <cstddef>

using namespace otk;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text(Bytes(data, size));
    for (const TextSource source : {TextSource::line, TextSource::dns_label}) {
        for (const Reading& reading : read_value(text, source, 0xff)) {
            promise(reading.value.well_formed() && !reading.value.empty(), "a reading has a value");
            const auto again =
                read_value(format_compact(reading.value, reading.form), source, reading.algorithms);
            promise(std::any_of(again.begin(), again.end(),
                                [&](const Reading& other) {
                                    return other.value == reading.value && other.form == reading.form;
                                }),
                    "what was read must read back");
        }
    }
    return 0;
}
