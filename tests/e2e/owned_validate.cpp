// What an owned knockd-validate may try, for test_owned.py: it says that it is ready, and tells the monitor
// of things that an earlier life left, in time or too late. OTK_TEST_TELLS names what.
#include "knockd/helper.h"

#include <cstdlib>
#include <poll.h>
#include <string_view>

namespace {

using namespace otk;

template <typename Message>
void tell(Channel& monitor, const Message& message) {
    promise(monitor.send_struct(message) == Channel::Sent::done, "the monitor is there");
}

message::Held old_hold() {
    message::Held held;
    held.row = RowNumber{1};
    held.grant = GrantId{1};
    held.carrier = Carrier::udp;
    return held;
}

message::Act old_question() {
    message::Act ask;
    ask.ask_only = 1;
    ask.row.row = RowNumber{1};
    ask.grant = GrantId{1};
    ask.carrier = Carrier::udp;
    return ask;
}

void run() {
    Channel monitor{Fd(message::monitor_fd)};
    const auto setup = receive_setup<message::ValidateSetup>(monitor);
    const char* variable = std::getenv("OTK_TEST_TELLS");
    const std::string_view tells = variable == nullptr ? "" : variable;
    if (tells == "hold") tell(monitor, old_hold());
    message::ValidateReady ready;
    ready.acceptance = message::Acceptance::open;
    ready.head = setup.mark;
    tell(monitor, ready);
    if (tells == "question") tell(monitor, old_question());
    tell(monitor, message::ValidateCounters{});
    if (tells == "late hold") tell(monitor, old_hold());
    if (tells == "late question") tell(monitor, old_question());
    pollfd until_closed{monitor.fd(), 0, 0};
    (void)poll(&until_closed, 1, -1);
}

} // namespace

int main() { otk::run_as_helper("knockd-validate", run); }
