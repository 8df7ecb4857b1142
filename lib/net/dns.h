// One DNS question and its answer, by hand: RFC 1035 section 4, RFC 6891 (EDNS) as far as a small
// authoritative server for zones without data needs it (DESIGN 4).
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "net/address.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace otk {

inline constexpr std::uint16_t dns_port = 53;
inline constexpr std::size_t longest_label = 63;
inline constexpr std::size_t longest_name = 255; // on the wire, with length octets and the root

// A zone of the configuration: a name in wire form, lower case.
class Zone {
  public:
    // "knock.example.org", with or without final dot. Letters, digits, `-` and `_` in labels of 1-63; at
    // least one label; nothing for all else.
    [[nodiscard]] static std::optional<Zone> parse(std::string_view text);
    [[nodiscard]] Bytes wire() const { return wire_; } // ends with the root's zero octet
    [[nodiscard]] std::string text() const;            // without final dot

  private:
    std::vector<std::uint8_t> wire_;
};

// A view into the message: valid as long as it.
struct Question {
    std::uint16_t id = 0;
    bool recursion_desired = false;
    std::uint16_t type = 0;
    std::uint16_t class_ = 0;
    Bytes name;    // wire form with its case, root octet included
    Bytes section; // the whole question section: name, type, class, as it is echoed
    bool edns = false;
    std::uint8_t edns_version = 0; // of the OPT record; 0 without one
    bool dnssec_ok = false;        // its DO bit, which an answer repeats (RFC 3225 section 3)
};

enum class NotAQuestion : std::uint8_t {
    truncated,      // shorter than it says, or it says so itself (TC)
    response,       // QR set: answering it could start a loop
    not_a_query,    // another opcode
    many_questions, // QDCOUNT is not 1
    other_sections, // answers, authorities or more than two additional records in a question
    pointer,        // a compression pointer or a reserved label type in a name
    bad_name,       // longer than 255 octets
    bad_opt,        // two OPT records, or one that is not the root's (RFC 6891 section 6.1.1)
    trailing,       // bytes after what the counts announce
};
[[nodiscard]] std::string_view name_of(NotAQuestion reason);

// Accepts only what an ordinary resolver or stub sends: QR 0, opcode 0, one question, no answer or authority
// records, at most two additional records, of which one may be OPT. Labels may hold any octet, zero and dots
// included.
[[nodiscard]] Result<Question, NotAQuestion> parse_question(Bytes message);

// Where a name stands relative to a zone.
struct Below {
    std::size_t zone = 0;   // index into the zones given
    std::size_t labels = 0; // how many labels stand in front of the zone: 0 is the apex
    std::string_view label; // next to the zone's name, any octets, in the message; empty for the apex
    Bytes front;            // all of them in wire form, left to right, each behind its length octet
};
// The longest zone the name lies in or under, comparing letters without case; nothing when it lies under
// none.
[[nodiscard]] std::optional<Below> find_zone(const Question& question, std::span<const Zone> zones);

// What a zone answers (DESIGN 4): authoritative, NOERROR, SOA with TTL and minimum 0 in the authority section
// when there is no data; at the apex SOA and NS, and the name of the server its address.
struct ZoneData {
    Zone zone;
    Zone server;                    // the NS name: `ns` of the configuration, else ns.ZONE
    std::vector<Address> addresses; // of the server when its name lies in the zone; may be empty
};

inline constexpr std::size_t largest_answer = 512;
struct Answer {
    std::array<std::uint8_t, largest_answer> bytes;
    std::size_t size = 0;
};

// The answer to a question under the zone (`below` as find_zone gave it): at most twice as long as the
// question (`asked` bytes: the whole message, as parse_question accepted it) and at most 512 bytes.
// `addressed_to` is the server's address that was asked, used as its A or AAAA when `addresses` is empty; it
// may be none.
//
// Class IN, first that applies:
// - the apex: for SOA and ANY the SOA (RFC 8482: one set is enough), for NS the NS and the server's addresses
// - the server's name: for A, AAAA and ANY its addresses, where it has some of that family
// - `text`: see below
// - NODATA: the SOA in the authority section, so that a resolver keeps it for 0 s (RFC 2308)
// Class ANY and all others but IN are REFUSED; EDNS versions above 0 get BADVERS (RFC 6891 section 6.1.3). A
// question with OPT gets an OPT.
//
// `text`, up to 255 bytes: what the name has as TXT record, with TTL 0, for a question for TXT or ANY; empty
// for none. One that does not fit is none: nobody listens on TCP, where TC would send the resolver.
//
// Records that do not fit are left out, which sets TC only where an answer record fell out: nobody listens on
// TCP, but a resolver learns that there is more. Header, question and OPT are never longer than what was
// asked.
//
// The SOA has 35 bytes, as small as one can be that names its zone: the primary is the zone itself, as in the
// empty zones of RFC 6303 (so that nobody tries dynamic updates), and the mailbox is the root, "none". It
// fits whenever the name asked for has 19 octets, root included, or 8 where the question has OPT: every knock
// under a zone of two labels has.
[[nodiscard]] Answer answer_question(const Question& question, std::size_t asked, const ZoneData& data,
                                     const Below& below, const Address& addressed_to,
                                     std::string_view text = {});

// Is a TXT record an answer to it: its type is TXT or ANY.
[[nodiscard]] bool asks_for_text(const Question& question);

} // namespace otk
