// Signed knocks (DESIGN 5; docs/PROTOCOL.md has the layout as a table): a value together with what it is for,
// under the user's signature. Big-endian:
//
//   value(16) | 0x01 | family(1) | address(16) | time, s since 1970 (8) | argument length (2) | argument |
//   Ed25519 signature (64)
//
// The signature is over the ASCII string "otk-signed-1", a zero byte, the server's id (16), the length (1)
// and the name of the command, and everything that precedes the signature.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "net/address.h"
#include "net/request_shape.h"
#include "otp/value.h"
#include "request/asking.h"
#include "request/signing_key.h"

#include <cstdint>
#include <string>
#include <vector>

namespace otk {

struct SignedKnock {
    Value value;     // of a sha256 chain
    Address address; // none: family 0
    // Whole seconds; Time{} (0 on the wire) from a client without a clock.
    Time time{};
    std::string argument; // empty: none
    Signature signature{};
};

enum class BadRequest : std::uint8_t {
    size = 1, // shorter or longer than its fields say
    type,     // not the type byte of this message
    address,  // see read_address()
    time,     // beyond what a Time can hold (11 April 2262)
    argument, // too long, not valid UTF-8 (shortest forms only), or with a control character (C0, DEL, C1)
    box,      // dynamic: does not decrypt
    key,      // dynamic: an X25519 key of 2^255-19 or more, or one with which every share is all zeros
    syns,     // dynamic: a port 0, or the same port twice
};
[[nodiscard]] std::string_view name_of(BadRequest fault);

// Every well-formed message has one reading and every reading one message: format(parse(m)) == m.
[[nodiscard]] Result<SignedKnock, BadRequest> parse_signed_knock(Bytes message);
[[nodiscard]] std::vector<std::uint8_t> format_signed_knock(const SignedKnock& knock);

// Fills in the signature. REQUIRES a sha256 value, an address as read_address() gives it, a valid argument.
void sign(SignedKnock& knock, const SigningKey& key, const Addressee& addressee);
[[nodiscard]] bool verify(const SignedKnock& knock, const PublicKey& key, const Addressee& addressee);

} // namespace otk
