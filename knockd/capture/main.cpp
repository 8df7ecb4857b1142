// knockd-capture: reads packets, finds knocks by hashing, answers DNS. It is started by knockd and by nobody
// else; it has no files, no privileges and no secret (DESIGN 7).
#include "knockd/capture/bind.h"
#include "knockd/capture/capture.h"
#include "knockd/capture/confine.h"
#include "knockd/helper.h"
#include "knockd/journal.h"

#include <algorithm>
#include <unistd.h>

namespace otk {

namespace {

std::vector<Source> open_sources(const message::CaptureSetup& setup) {
    std::vector<Source> sources;
    if (setup.offline) {
        sources.push_back(Source::file(message::file_fd));
        return sources;
    }
    for (std::size_t i = 0; i < setup.interface_count; ++i) {
        try {
            sources.push_back(
                Source::live(std::string(setup.interfaces[i].view()), setup, setup.interface_count));
        } catch (const Error& error) { // knocks on the others go on; knockd starts us again when it is there
            journal("knockd-capture", error.what(), Priority::warning);
        }
    }
    if (sources.empty()) throw Error("there is no interface to listen on");
    return sources;
}

// Until nobody else reads: two of us would each get half of what validate says.
void await_turn(Channel& monitor) {
    if (monitor.send_struct(message::CaptureOpened{}) != Channel::Sent::done)
        _exit(0); // the monitor has gone
    Mailbox mailbox(monitor);
    const Mailbox::Next next = mailbox.next();
    if (next == Mailbox::Next::closed) _exit(0); // we are not needed any more
    promise(next == Mailbox::Next::message && mailbox.as<message::CaptureBegin>(),
            "knockd sent a message that is not for knockd-capture");
}

// What the status shows of the answers over dns.
message::CaptureReady readiness(const Answering& answering, const std::vector<std::string>& troubles) {
    message::CaptureReady ready;
    ready.answering = static_cast<std::uint32_t>(answering.addresses());
    ready.not_answering = static_cast<std::uint32_t>(troubles.size());
    if (!troubles.empty()) ready.trouble = message::Text<512>::of(troubles.front());
    return ready;
}

void run() {
    Channel monitor{Fd(message::monitor_fd)};
    Channel validate{Fd(message::peer_fd)};
    const auto setup = receive_setup<message::CaptureSetup>(monitor);
    promise(setup.port_count <= most_ports && setup.interface_count <= most_interfaces &&
                setup.zone_count <= most_zones && setup.listen_count <= most_listen_addresses &&
                setup.window >= 1 && setup.window <= largest_window,
            "a set-up out of bounds");

    std::vector<Source> sources = open_sources(setup);
    if (!setup.offline) await_turn(monitor);
    std::vector<std::string> troubles;
    Answering answering(setup, troubles);
    const message::CaptureReady ready = readiness(answering, troubles);
    Replying replying(setup, troubles);
    for (const std::string& trouble : troubles)
        journal("knockd-capture", trouble, Priority::error);
    for (const Algorithm algorithm : all_algorithms) {
        if (setup.algorithms & bit(algorithm)) prepare(algorithm);
    }
    std::uint64_t key = 0;
    system_random({reinterpret_cast<std::uint8_t*>(&key), sizeof key});

    for (const Source& source : sources) { // the sandbox tells them apart by their numbers
        promise(setup.offline || std::max(source.early_fd(), source.blocks_fd()) < lowest_sending_fd,
                "a capture socket among those that may send");
    }
    const Sends sends{.answers = answering.sends(), .replies = replying.sends()};
    validate.set_nonblocking();
    if (!setup.offline) monitor.set_nonblocking(); // one that is stopped keeps nobody from reading
    Capture capture(setup, std::move(sources), std::move(answering), std::move(replying), std::move(monitor),
                    std::move(validate), key);
    drop_privileges(setup.run_as.view(), setup.empty_root.view(), "[users] capture");
    confine_capture(sends);
    if (setup.offline) return capture.replay();
    // Ended from here: libpcap's way of giving the rings back is not among the calls that the sandbox allows.
    try {
        capture.serve(ready);
    } catch (const std::exception& error) {
        journal("knockd-capture", error.what(), Priority::error);
        _exit(1);
    }
    _exit(0);
}

} // namespace

} // namespace otk

int main() { otk::run_as_helper("knockd-capture", otk::run, otk::Failing::is_told_the_monitor); }
