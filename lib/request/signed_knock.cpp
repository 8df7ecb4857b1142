#include "request/signed_knock.h"

#include "base/promise.h"
#include "request/wire.h"

#include <algorithm>

namespace otk {

namespace {

constexpr std::string_view signed_domain = "otk-signed-1";

// Everything that precedes the signature.
std::vector<std::uint8_t> format_request(const SignedKnock& knock) {
    promise(knock.value.size() == wire::value_field_size, "a signed knock has a sha256 value");
    promise(valid_argument(knock.argument), "a signed knock has a valid argument");
    std::vector<std::uint8_t> out;
    out.reserve(largest_signed_knock);
    wire::append(out, knock.value.view());
    out.push_back(signed_knock_type);
    append_address(out, knock.address);
    wire::append_time(out, knock.time);
    wire::append_number(out, knock.argument.size(), 2);
    wire::append(out, as_bytes(knock.argument));
    return out;
}

std::vector<std::uint8_t> signed_bytes(const SignedKnock& knock, const Addressee& addressee) {
    std::vector<std::uint8_t> out = wire::begin_signed(signed_domain, addressee);
    wire::append(out, format_request(knock));
    return out;
}

} // namespace

std::string_view name_of(BadRequest fault) {
    switch (fault) {
    case BadRequest::size: return "size";
    case BadRequest::type: return "type";
    case BadRequest::address: return "address";
    case BadRequest::time: return "time";
    case BadRequest::argument: return "argument";
    case BadRequest::box: return "box";
    case BadRequest::key: return "key";
    case BadRequest::syns: return "syns";
    }
    return "";
}

Result<SignedKnock, BadRequest> parse_signed_knock(Bytes message) {
    if (message.size() < smallest_signed_knock) return BadRequest::size;
    if (message[type_offset] != signed_knock_type) return BadRequest::type;
    if (!looks_signed(message)) return BadRequest::size;

    // The sizes are right from here on, so every field is there.
    Reader reader(message);
    SignedKnock knock;
    knock.value = Value(*reader.take(wire::value_field_size));
    (void)reader.skip(1);
    const auto address = read_address(*reader.take(address_field_size));
    if (!address) return BadRequest::address;
    knock.address = *address;
    const auto time = wire::read_time(*reader.take(wire::time_size));
    if (!time) return BadRequest::time;
    knock.time = *time;
    knock.argument = as_text(*reader.take(*reader.u16()));
    if (!valid_argument(knock.argument)) return BadRequest::argument;
    std::copy(reader.rest().begin(), reader.rest().end(), knock.signature.begin());
    return knock;
}

std::vector<std::uint8_t> format_signed_knock(const SignedKnock& knock) {
    std::vector<std::uint8_t> out = format_request(knock);
    wire::append(out, knock.signature);
    return out;
}

void sign(SignedKnock& knock, const SigningKey& key, const Addressee& addressee) {
    promise(knock.address.empty() || knock.address.usable(), "a signed knock names a usable address or none");
    knock.signature = key.sign(signed_bytes(knock, addressee));
}

bool verify(const SignedKnock& knock, const PublicKey& key, const Addressee& addressee) {
    return verify(key, signed_bytes(knock, addressee), knock.signature);
}

} // namespace otk
