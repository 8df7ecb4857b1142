#include "knockd/forward/sockets.h"

#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace otk {

namespace {

// A socket whose peer has gone meanwhile refuses options; its end is told when it is read.
void set(int socket, int level, int name, int value) {
    (void)setsockopt(socket, level, name, &value, sizeof value);
}

} // namespace

void keep_alive(int socket) {
    set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(socket, IPPROTO_TCP, TCP_KEEPIDLE, 60); // s
    set(socket, IPPROTO_TCP, TCP_KEEPINTVL, 30);
    set(socket, IPPROTO_TCP, TCP_KEEPCNT, 4);
}

void limit_connecting(int socket) {
    // Repeated after 1, 2, 4 and 8 s, given up 16 s after that.
    set(socket, IPPROTO_TCP, TCP_SYNCNT, 4);
}

void reset(Fd socket) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    if (socket) (void)setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

int pending_error(int socket) {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

} // namespace otk
