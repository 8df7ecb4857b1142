#include "sys/capabilities.h"

#include "base/fd.h"
#include "base/promise.h"

#include <cap-ng.h>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>

namespace otk {

bool has_capability(int capability) {
    capng_setpid(getpid()); // libcap-ng remembers the process that it first looked at
    if (capng_get_caps_process() != 0) throw Error("the kernel does not say which capabilities there are");
    return capng_have_capability(CAPNG_EFFECTIVE, static_cast<unsigned>(capability)) == 1;
}

std::optional<std::string> want_of_packet_socket() {
    const Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)); // protocol 0: it hears nothing
    if (socket) return std::nullopt;
    return std::strerror(errno);
}

} // namespace otk
