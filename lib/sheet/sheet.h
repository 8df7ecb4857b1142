// The printed sheet of one-time knocks (DESIGN 3, 4 and 12): what stands on it, and the file it goes to.
#pragma once

#include "base/port_range.h"
#include "base/secret.h"
#include "otp/algorithm.h"
#include "otp/chain.h"
#include "otp/text_form.h"
#include "otp/value.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otk {

struct NumberedKnock {
    Count number = 0; // the number the user strikes out: the value at this count
    Value value;
};

// What a knock of an `open` or `forward` command opens (DESIGN 6 and 9), for what to do after it.
struct SheetDoor {
    std::uint16_t port = 0; // of an open command; 0: each knock has its own out of `ports` (otp/door_port.h),
    PortRange ports;        // and it stands beside the knock
    bool udp = false;
    bool ssh = false;             // what is behind it speaks ssh
    std::chrono::seconds hold{0}; // how long it is open; 0: not on the sheet
};

// The ways by which the user may send; what is off or empty has no line on the sheet.
struct SheetCarriers {
    std::optional<std::uint16_t> udp_port = std::uint16_t{62201}; // the port of knockd's [udp] ports
    bool icmp = true;
    std::string zone;               // of [dns] zones, without final dot; empty: no dns lines
    bool dns_names_address = false; // a dns knock must name an address, because the command uses one and the
                                    // grant has it named; that takes the base32 form (DESIGN 4)
    bool dns_confirms = false;      // a question for TXT of the same name tells what became of the knock
};

struct SheetContents {
    std::string title = "One-time knocks";
    std::string command;             // empty: not on the sheet
    std::optional<std::string> user; // only if asked: a lost sheet should not say whose it was
    std::string host = "SERVER";     // name or address of the server, as the user will type it
    Algorithm algorithm{};
    Count length = 0; // of the chain; 0: not on the sheet
    std::string seed;
    std::string check_words;           // of the enrolment token (otp/token.h); empty: not on the sheet
    std::vector<NumberedKnock> knocks; // highest number first, at least one
    TextForm form = TextForm::hex;     // hex goes into every carrier; ping takes nothing else
    SheetCarriers carriers;
    std::optional<SheetDoor> door;
    Count warn_left = 10; // a warning stands above the last so many knocks of the sheet; 0: none
};

// True for what may stand unquoted in a command line as the name or address of a server, or as a zone:
// letters, digits and . - _ (and : % for addresses of IPv6), not beginning with `-`, 1 to 253 characters.
[[nodiscard]] bool usable_host(std::string_view host);
[[nodiscard]] bool usable_zone(std::string_view zone);

// Plain ASCII, lines of at most 80 characters where host and zone leave room for that, a newline at the end
// of each. Control characters in title, command and user are made visible. Secret, because it holds unspent
// knocks. Throws Error when the host or the zone is not usable; having no knocks, or unordered ones, is a
// broken promise.
[[nodiscard]] SecretText render_text(const SheetContents& contents);

// Throws the Error that write_private_file would throw for a name that is taken or a directory that is not
// there: for a caller that asks for a passphrase in between. Changes nothing, and promises nothing.
void check_new_file(const std::filesystem::path& file);

// Creates the file with mode 0600, whatever the umask, and brings it to the disk (fsync of file and
// directory). Throws Error when it exists already (nothing is overwritten: it may be somebody's only sheet)
// or cannot be written; then no part of it is left behind.
void write_private_file(const std::filesystem::path& file, std::string_view text);

} // namespace otk
