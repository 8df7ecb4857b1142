// TCP on the loopback interface, for the tests of forwarding doors. All sockets block, and give up after a
// minute in which nothing happens, so that a test fails instead of hanging.
#pragma once

#include "base/fd.h"
#include "net/address.h"

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace otk::test {

struct Listening {
    Fd socket;
    std::uint16_t port = 0;
};
// Port 0: any that is free. Throws Error.
[[nodiscard]] Listening listen_on(const Address& address, std::uint16_t port = 0);
[[nodiscard]] Fd accept_one(const Listening& listening);

// From one of this host's addresses to another. Throws Error when it is refused or nobody answers.
[[nodiscard]] Fd connect_from(const Address& source, const Address& destination, std::uint16_t port);
// Only begins to connect: a non-blocking socket whose SYN is on its way.
[[nodiscard]] Fd begin_to_connect(const Address& source, const Address& destination, std::uint16_t port);
// What has become of it by now; connected also if it was reset afterwards.
enum class Progress : std::uint8_t { unheard, refused, connected };
[[nodiscard]] Progress progress_of(const Fd& connecting);

void send_text(const Fd& socket, const std::string& text); // throws Error
// Up to the end of what the other side sends, by its FIN. "reset" is an Error.
[[nodiscard]] std::string receive_all(const Fd& socket);
[[nodiscard]] std::string receive(const Fd& socket, std::size_t size);
void end_of_sending(const Fd& socket);
void reset(Fd socket);
// Waits until the other side says something, and that is a reset.
[[nodiscard]] bool was_reset(const Fd& socket);

// Bytes that follow from a seed, to be sent and recognised: nothing lost, doubled or out of order.
void send_pattern(const Fd& socket, std::uint64_t seed, std::size_t size); // and the end of sending
// How many bytes of it came before the end, or before the first wrong one.
[[nodiscard]] std::size_t receive_pattern(const Fd& socket, std::uint64_t seed);

[[nodiscard]] Address ip(const std::string& text); // one that is right

} // namespace otk::test
