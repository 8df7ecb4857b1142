#include "request/dynamic.h"

#include "base/promise.h"
#include "request/dynamic_keys.h"
#include "request/wire.h"

#include <algorithm>

namespace otk {

namespace {

using namespace dynamic;

constexpr std::size_t syns_size = std::size_t{3} * (2 + 4);
constexpr std::size_t signed_part_size = wire::time_size + address_field_size + syns_size; // of P1's box
constexpr std::size_t opened_size = signed_part_size + evp::signature_size;
static_assert(request_head_size + opened_size + evp::tag_size == dynamic_request_size);

bool well_formed(const DeclaredSyns& syns) {
    const auto& [first, second, third] = syns;
    return first.port != 0 && second.port != 0 && third.port != 0 && first.port != second.port &&
           second.port != third.port && third.port != first.port;
}

// What precedes the signature in P1's box.
std::vector<std::uint8_t> format_signed_part(const DynamicRequest& request) {
    std::vector<std::uint8_t> out;
    out.reserve(opened_size);
    wire::append_time(out, request.time);
    append_address(out, request.address);
    for (const DeclaredSyn& syn : request.syns) {
        wire::append_number(out, syn.port, 2);
        wire::append_number(out, syn.sequence, 4);
    }
    return out;
}

Result<DynamicRequest, BadRequest> parse_signed_part(const Value& value, Reader& reader) {
    DynamicRequest request;
    request.value = value;
    const auto time = wire::read_time(*reader.take(wire::time_size));
    if (!time) return BadRequest::time;
    request.time = *time;
    const auto address = read_address(*reader.take(address_field_size));
    if (!address) return BadRequest::address;
    request.address = *address;
    for (DeclaredSyn& syn : request.syns) {
        syn.port = *reader.u16();
        syn.sequence = *reader.u32();
    }
    if (!well_formed(request.syns)) return BadRequest::syns;
    return request;
}

std::vector<std::uint8_t> signed_bytes(const Addressee& addressee, const ExchangeKey& server, Bytes head,
                                       Bytes signed_part) {
    std::vector<std::uint8_t> out = wire::begin_signed(domain, addressee);
    wire::append(out, server);
    wire::append(out, head);
    wire::append(out, signed_part);
    return out;
}

ExchangeKey client_key_in(Bytes packet) {
    ExchangeKey key{};
    std::copy_n(packet.begin() + type_offset + 1, key.size(), key.begin());
    return key;
}

} // namespace

DynamicClient::DynamicClient(const DynamicRequest& request, const SigningKey& key, const Addressee& addressee,
                             const ExchangeKey& server, const RandomSource& random) {
    promise(request.value.size() == wire::value_field_size, "a dynamic request has a sha256 value");
    promise(well_formed(request.syns), "a dynamic request declares three different ports");
    promise(request.address.empty() || request.address.usable(), "it names a usable address or none");

    const ServerKey ephemeral = ServerKey::generate(random); // of the same kind as the server's
    const auto share = ephemeral.share_with(server);
    if (!share)
        throw Error("the server's public key in the profile is unusable; ask the administrator for a new "
                    "profile");
    RequestKeys keys = derive(*share, request.value, server, ephemeral.public_key());

    std::vector<std::uint8_t> head;
    wire::append(head, request.value.view());
    head.push_back(dynamic_request_type);
    wire::append(head, ephemeral.public_key());
    std::vector<std::uint8_t> text = format_signed_part(request);
    wire::append(text, key.sign(signed_bytes(addressee, server, head, text)));

    const MutableBytes packet(request_);
    std::copy(head.begin(), head.end(), packet.begin());
    evp::seal(keys.request.view(), nonce_of(0), head, text, packet.subspan(request_head_size));
    keys_ = std::move(keys.later);
}

Result<OpenedRequest, BadRequest> open_dynamic_request(Bytes packet, const ServerKey& key) {
    if (packet.size() != dynamic_request_size) return BadRequest::size;
    if (!looks_like_dynamic_request(packet)) return BadRequest::type;
    const Value value(packet.first(wire::value_field_size));
    const ExchangeKey client = client_key_in(packet);
    const auto share = key.share_with(client);
    if (!share) return BadRequest::key;
    RequestKeys keys = derive(*share, value, key.public_key(), client);

    std::array<std::uint8_t, opened_size> text{};
    if (!evp::open(keys.request.view(), nonce_of(0), packet.first(request_head_size),
                   packet.subspan(request_head_size), text))
        return BadRequest::box;
    Reader reader(text);
    auto request = parse_signed_part(value, reader);
    if (!request) return request.reason();

    OpenedRequest opened;
    opened.request = *request;
    std::copy(reader.rest().begin(), reader.rest().end(), opened.signature.begin());
    opened.keys = std::move(keys.later);
    return opened;
}

bool verify(const OpenedRequest& opened, Bytes packet, const PublicKey& key, const Addressee& addressee,
            const ExchangeKey& server) {
    promise(packet.size() == dynamic_request_size, "the packet that was opened");
    const std::vector<std::uint8_t> text = format_signed_part(opened.request);
    return verify(key, signed_bytes(addressee, server, packet.first(request_head_size), text),
                  opened.signature);
}

} // namespace otk
