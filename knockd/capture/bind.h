// Sockets for sending only: those at port 53 of the server's addresses.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "knockd/messages.h"

#include <cstdint>
#include <string>
#include <vector>

namespace otk {

struct ServerAddress {
    Address address;
    std::uint32_t scope = 0; // interface index, for link-local IPv6
};

// The `listen` addresses of the set-up, else every address of its interfaces except loopback. Throws Error.
[[nodiscard]] std::vector<ServerAddress> server_addresses(const message::CaptureSetup& setup);

// The sockets have descriptors from here on: the sandbox lets capture send on these and not on capture
// sockets, which are all below, whatever gaps libpcap leaves.
inline constexpr int lowest_sending_fd = 256;

// A UDP socket on port 53 of the address. A filter that drops everything is attached and locked before the
// bind: nothing is ever queued, and the kernel does not answer questions with "port unreachable". The reason
// says what is wrong, who holds the port where that is it, and what to do.
[[nodiscard]] Result<Fd, std::string> bind_for_sending(const ServerAddress& wanted);

// Attaches and locks a filter that lets nothing into the socket. False with errno set.
[[nodiscard]] bool drop_everything(int fd);
// The same socket at a descriptor of lowest_sending_fd or higher; none with errno set.
[[nodiscard]] Fd among_sending(Fd socket);

} // namespace otk
