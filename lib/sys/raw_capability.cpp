#include "sys/raw_capability.h"

#include "base/promise.h"

#include <cap-ng.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace otk {

void drop_raw_capability() {
    capng_clear(CAPNG_SELECT_ALL);
    promise(capng_get_caps_process() == 0, "the capabilities can be read");
    const auto sets = static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE);
    promise(capng_update(CAPNG_DROP, sets, CAP_NET_RAW) == 0, "a capability can be named");
    promise(capng_apply(CAPNG_SELECT_CAPS) == 0, "a process may always give a capability up");
    promise(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP) < 0,
            "without the capability there are no raw sockets");
}

} // namespace otk
