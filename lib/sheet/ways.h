// The lines by which a person sends the first knock of a sheet, the same for every format the sheet is
// printed in.
#pragma once

#include "sheet/sheet.h"

#include <string>
#include <vector>

namespace otk {

struct Way {
    std::string tool;               // what the user starts, and where it is found; or what for
    std::vector<std::string> lines; // typed one after the other; they hold the knock, wipe them after use
};

// Whether a line puts the knock into a DNS name: where there is a zone, and the form can carry an address if
// the name must have one.
[[nodiscard]] bool has_dns_lines(const SheetContents& contents);

// The name that a dns knock of the sheet's first value asks for; a secret.
[[nodiscard]] std::string dns_name(const SheetContents& contents);

// One for each tool that the carriers and the form of the sheet allow, in the order in which to try them.
// Sources of the wire forms: DESIGN 4. Host and zone were found usable by the caller, who also sees to it
// that there is a knock.
[[nodiscard]] std::vector<Way> ways_to_send(const SheetContents& contents);

// What to do after the first knock of the sheet: how to use the door it opened, and how to ask what became of
// it. Empty where the command opens none and nobody answers.
[[nodiscard]] std::vector<Way> ways_after(const SheetContents& contents);

} // namespace otk
