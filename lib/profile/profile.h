// A client's profile: everything about one grant that `knockgen send` and `knockgen dynamic` need besides the
// secret (DESIGN 12). `knockmgr grant add` prints it as one line, `knockgen profile add` reads that line;
// nothing in it is secret. Text only: knows no libcrypto and no files.
#pragma once

#include "base/result.h"
#include "otp/algorithm.h"
#include "otp/chain.h"
#include "policy/model.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace otk {

// `otk1-profile` and KEY=VALUE words, parted by single blanks, in the order of the fields below; a key that
// has nothing to say is left out (those up to check always say something). Read in any order and with any
// blanks between the words, because mail programs break long lines; unknown keys are refused, so that a newer
// profile is not half understood.
struct Profile {
    std::string host;                        // host=  name or address as the user reaches it
    Algorithm algorithm = Algorithm::sha256; // algorithm=
    std::string seed;                        // seed=
    Count length = 0;                        // length=
    std::string command;                     // command=
    std::array<std::uint8_t, 16> server{};   // server=  32 hex digits: the server's id
    bool has_key = false;                    // signed=yes|no: the grant knows a public key
    bool plain = true;                       // plain=yes|no: plain knocks are accepted
    std::string check;                       // check=WORD: the first of the token's check words
    std::uint16_t udp_port = 0;              // udp=PORT; 0: not by udp
    bool icmp = false;                       // icmp=yes
    std::string zone;                        // dns=ZONE
    bool confirms = false;                   // confirm=yes: TXT answers tell what became of a knock
    std::uint16_t dynamic_port = 0;          // dynamic=PORT; 0: no dynamic mode
    std::optional<std::array<std::uint8_t, 32>> server_key; // key=  64 hex digits: X25519, for dynamic mode
    bool ignores_sequence = false;                          // isn=ignore
    bool uses_address = false; // address=yes: a signed knock must name the address it is for
    bool argument = false;     // argument=yes: the command takes one
    std::string opens;         // opens=22/tcp: the port of an open command
    std::string ports;         // ports=61000-65534: of a forward command
    friend bool operator==(const Profile&, const Profile&) = default;
};

inline constexpr std::string_view profile_word = "otk1-profile";

// The reason is one line that says which word is wrong and what it should be. Refused as a whole: a key for
// another algorithm than sha256, neither plain nor signed knocks, and dynamic mode without the keys it needs.
[[nodiscard]] Result<Profile, std::string> parse_profile(std::string_view line);
// REQUIRES a profile that parse_profile() would take. Nothing in it needs quotes inside a shell's single
// quotes.
[[nodiscard]] std::string format_profile(const Profile& profile);

} // namespace otk
