#include "knockd/capture/confine.h"

#include "knockd/capture/bind.h"
#include "knockd/messages.h"
#include "sys/sandbox.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace otk {

void confine_capture(const Sends& sends) {
    Sandbox sandbox;
    sandbox.allow(calls_of_every_program());
    // libpcap asks for statistics and pending errors, and for the interface's flags when it goes down.
    sandbox.allow({"recvfrom", "getsockopt", "getsockname"});
    sandbox.allow_request("ioctl", SIOCGIFFLAGS);
    sandbox.allow_on("write", STDERR_FILENO); // a last word
    // A capture socket can inject frames even after all capabilities are gone: sending is tied to
    // descriptors. No call that makes or duplicates a socket is allowed, so a number cannot come to mean
    // another one.
    sandbox.allow_on("sendto", message::monitor_fd);
    sandbox.allow_on("sendto", message::peer_fd);
    sandbox.allow_on("sendto", message::last_word_fd);
    if (sends.answers) sandbox.allow_from("sendto", lowest_sending_fd);
    if (sends.replies) sandbox.allow_from("sendmsg", lowest_sending_fd);
    sandbox.enter();
}

} // namespace otk
