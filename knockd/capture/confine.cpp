#include "knockd/capture/confine.h"

#include "knockd/messages.h"
#include "sys/sandbox.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace otk {

void confine_capture(int answers_from) {
    Sandbox sandbox;
    sandbox.allow(calls_of_every_program());
    // Waiting and reading. libpcap asks for statistics and pending errors, and for the interface's flags when
    // it goes down.
    sandbox.allow({"recvfrom", "poll", "ppoll", "epoll_wait", "epoll_pwait", "epoll_ctl", "getsockopt",
                   "getsockname", "timerfd_settime"});
    sandbox.allow_request("ioctl", SIOCGIFFLAGS);
    sandbox.allow_on("write", STDERR_FILENO); // a last word
    // A capture socket can inject frames even after all capabilities are gone: sending is tied to
    // descriptors. No call that makes or duplicates one is allowed, so the numbers cannot come to mean
    // something else.
    sandbox.allow_on("sendto", message::monitor_fd);
    sandbox.allow_on("sendto", message::peer_fd);
    if (answers_from > 0) sandbox.allow_from("sendto", static_cast<std::uint64_t>(answers_from));
    sandbox.enter();
}

} // namespace otk
