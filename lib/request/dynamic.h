// The three messages of dynamic mode (DESIGN 6; docs/PROTOCOL.md has the layouts as tables and argues each
// field). Big-endian:
//
//   P1  client to server  value(16) | 0x02 | client's ephemeral X25519 key (32) | box of 107 bytes (+ 16 tag)
//       the box holds time(8) | family(1) | address(16) | 3 x (port(2), initial sequence number(4)) |
//       signature(64)
//   P2  client to server  id(16) | 0x03 | counter(8) | box of 48 zero bytes (+ 16)
//   P3  server to client  id(16) | 0x04 | counter(8) | box of status(1), port(2), seconds(4), family(1),
//   address(16),
//       zeros up to 48 (+ 16)
//
// Boxes are ChaCha20-Poly1305 (RFC 8439); what precedes a box in its packet is its associated data. The nonce
// is 4 zero bytes and the counter: 0 for P1, from 1 on for P2 and P3. Keys: HKDF-SHA256 (RFC 5869), secret
// the X25519 (RFC 7748) share, salt the value, info "otk-dynamic-1" | server's public key | client's
// ephemeral key | label, with the labels "p1", "c2s" and "s2c" for 32 bytes each and "id" for 16. P1's
// signature is over "otk-dynamic-1", a zero byte, the server's id, the length (1) and name of the command,
// the server's public key, the 49 bytes before the box and what precedes it in the box.
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "net/request_shape.h"
#include "otp/value.h"
#include "request/asking.h"
#include "request/signed_knock.h"
#include "request/signing_key.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

namespace otk {

using ExchangeKey = std::array<std::uint8_t, 32>; // a public X25519 key

// The server's X25519 private key: 32 random bytes, which X25519 itself clamps.
class ServerKey {
  public:
    [[nodiscard]] static ServerKey generate(const RandomSource& random);
    [[nodiscard]] static ServerKey from_bytes(SecretArray<32> bytes) { return ServerKey(std::move(bytes)); }
    [[nodiscard]] ExchangeKey public_key() const { return public_; }
    [[nodiscard]] Bytes bytes() const { return bytes_.view(); } // to be kept in a file
    // Nothing when the share is all zeros (RFC 7748 section 6.1), and for a key of 2^255-19 or more, which
    // X25519 would take for another.
    [[nodiscard]] std::optional<SecretArray<32>> share_with(const ExchangeKey& other) const;

  private:
    explicit ServerKey(SecretArray<32> bytes);
    SecretArray<32> bytes_;
    ExchangeKey public_; // kept, because computing it costs as much as an exchange
};

struct DeclaredSyn {
    std::uint16_t port = 0;     // destination; not 0
    std::uint32_t sequence = 0; // initial sequence number
    friend bool operator==(const DeclaredSyn&, const DeclaredSyn&) = default;
};
using DeclaredSyns = std::array<DeclaredSyn, 3>; // three different ports

struct DynamicRequest {
    Value value;
    Time time{};     // Time{} from a client without a clock
    Address address; // none: the packet's source
    DeclaredSyns syns{};
};

// What P3 tells. The numbers are on the wire: never change one.
enum class DynamicStatus : std::uint8_t {
    waiting = 0, // for the SYNs
    open = 1,    // port and seconds count
    refused = 2, // by policy; the client's administrator sees why
    failed = 3,  // no port could be opened
    over = 4,    // the door is closed again, or the SYNs did not come in time
};
struct DynamicAnswer {
    DynamicStatus status{};
    std::uint16_t port = 0;    // not 0 when open; written as 0 otherwise
    std::uint32_t seconds = 0; // that the door stays open from now; likewise
    Address seen;              // P1's source, as the server saw it: tells a client of the NAT before it
};

// The keys of one request after P1; both ends have the same. Not copied, wiped at the end.
struct DynamicKeys {
    DynamicId id{};
    SecretArray<32> to_server;
    SecretArray<32> to_client;
};

// The client's end. Each call of ask() and each answer uses counters that only rise, so no nonce comes twice.
class DynamicClient {
  public:
    // Makes P1. REQUIRES a sha256 value and a well-formed request. Throws Error where the server's key is
    // unusable.
    DynamicClient(const DynamicRequest& request, const SigningKey& key, const Addressee& addressee,
                  const ExchangeKey& server, const RandomSource& random);
    [[nodiscard]] const std::array<std::uint8_t, dynamic_request_size>& request() const { return request_; }
    // P2 with the next counter.
    [[nodiscard]] std::array<std::uint8_t, dynamic_message_size> ask();
    // P3, when it is one of this request's, authentic and newer than every earlier one.
    [[nodiscard]] std::optional<DynamicAnswer> answer(Bytes packet);

  private:
    std::array<std::uint8_t, dynamic_request_size> request_{};
    DynamicKeys keys_;
    std::uint64_t asked_ = 0;
    std::uint64_t answered_ = 0;
};

// P1 as the server reads it.
struct OpenedRequest {
    DynamicRequest request;
    Signature signature{};
    DynamicKeys keys;
};
// Decrypts and checks every encoding; the signature is checked by the next function. One X25519.
[[nodiscard]] Result<OpenedRequest, BadRequest> open_dynamic_request(Bytes packet, const ServerKey& key);
// `packet` is the P1 that `opened` came from.
[[nodiscard]] bool verify(const OpenedRequest& opened, Bytes packet, const PublicKey& key,
                          const Addressee& addressee, const ExchangeKey& server);

// The server's end of a request that was accepted.
class DynamicServer {
  public:
    explicit DynamicServer(DynamicKeys keys) : keys_(std::move(keys)) {}
    [[nodiscard]] const DynamicId& id() const { return keys_.id; }
    // Is it a P2 of this request, authentic and newer than every earlier one?
    [[nodiscard]] bool takes(Bytes packet);
    // P3 with the next counter.
    [[nodiscard]] std::array<std::uint8_t, dynamic_message_size> answer(const DynamicAnswer& answer);

  private:
    DynamicKeys keys_;
    std::uint64_t heard_ = 0;
    std::uint64_t said_ = 0;
};

} // namespace otk
