#include "knockd/forward/confine.h"

#include "knockd/forward_messages.h"
#include "sys/sandbox.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace otk {

void confine_forward() {
    Sandbox sandbox;
    sandbox.allow(calls_of_every_program());
    sandbox.allow({"connect", "shutdown", "splice", "pipe2"});
    sandbox.allow_on("accept4", message::door_fd);
    sandbox.allow_on("socket", AF_INET).allow_on("socket", AF_INET6);
    sandbox.allow_on("recvfrom", message::monitor_fd);
    sandbox.allow_on("sendto", message::monitor_fd);
    sandbox.allow_on("write", STDERR_FILENO); // a last word
    sandbox.allow_option("getsockopt", SOL_SOCKET, SO_ERROR);
    sandbox.allow_option("setsockopt", SOL_SOCKET, SO_KEEPALIVE);
    sandbox.allow_option("setsockopt", SOL_SOCKET, SO_LINGER);
    for (const int option : {TCP_NODELAY, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_SYNCNT}) {
        sandbox.allow_option("setsockopt", IPPROTO_TCP, option);
    }
    sandbox.enter();
}

} // namespace otk
