// Signed knocks and dynamic requests as a client makes them, for the members of a World.
#pragma once

#include "request/dynamic.h"
#include "request/signed_knock.h"
#include "tests/unit/knockd/world.h"

#include <algorithm>

namespace otk::test {

using RequestBytes = std::vector<std::uint8_t>;

// What a signed knock says, beyond the value. Times are those of the world unless said.
struct Says {
    Address address = *Address::parse("192.0.2.7");
    std::optional<Time> time{};
    std::string argument{};
    std::string command = "open";
    ServerIdBytes server = server_id;
};

inline RequestBytes signed_knock(const World& world, const Member& member, Count count,
                                 const Says& says = {}) {
    SignedKnock knock;
    knock.value = member.at(count);
    knock.address = says.address;
    knock.time = says.time ? *says.time : std::chrono::floor<std::chrono::seconds>(world.now);
    knock.argument = says.argument;
    sign(knock, SigningKey::of(*member.secret), {says.server, says.command});
    return format_signed_knock(knock);
}

inline message::Request request_of(const RequestBytes& bytes) {
    message::Request request;
    request.size = static_cast<std::uint32_t>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), request.bytes.begin());
    return request;
}

// The hit of the value that the request begins with.
inline message::Hit hit_of(const World& world, const RequestBytes& bytes, const Way& way = {}) {
    message::Hit hit = world.hit(Algorithm::sha256, Value(Bytes(bytes).first(16)), way);
    hit.request_size = static_cast<std::uint16_t>(bytes.size());
    return hit;
}

inline Outbox take_all(World& world, const std::vector<RequestBytes>& all, const Way& way = {}) {
    std::vector<message::Hit> hits;
    std::vector<message::Request> requests;
    for (const RequestBytes& bytes : all) {
        hits.push_back(hit_of(world, bytes, way));
        requests.push_back(request_of(bytes));
    }
    return world.take(hits, requests);
}

inline Verdicts judge(World& world, const RequestBytes& bytes, const Way& way = {}) {
    return world.verdicts(take_all(world, {bytes}, way));
}

// One whose signature is worth nothing, each number another one.
inline RequestBytes spoiled(RequestBytes bytes, std::uint8_t number = 1) {
    bytes[bytes.size() - 40] = static_cast<std::uint8_t>(bytes[bytes.size() - 40] ^ number);
    return bytes;
}

} // namespace otk::test
