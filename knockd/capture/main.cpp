// knockd-capture: reads packets, finds knocks by hashing, answers DNS. It is started by knockd and by nobody
// else; it has no files, no privileges and no secret (DESIGN 7).
#include "knockd/capture/bind.h"
#include "knockd/capture/capture.h"
#include "knockd/capture/confine.h"
#include "knockd/journal.h"
#include "sys/privileges.h"

#include <fcntl.h>
#include <unistd.h>

namespace otk {

namespace {

message::CaptureSetup receive_setup(Channel& monitor) {
    Mailbox mailbox(monitor);
    promise(mailbox.next() == Mailbox::Next::message,
            "no set-up came from knockd; this program is started by it");
    const auto setup = mailbox.as<message::CaptureSetup>();
    promise(setup && setup->version == message::protocol,
            "knockd and knockd-capture are of different builds");
    promise(setup->port_count <= most_ports && setup->interface_count <= most_interfaces &&
                setup->zone_count <= most_zones && setup->listen_count <= most_listen_addresses &&
                setup->window >= 1 && setup->window <= largest_window,
            "a set-up out of bounds");
    return *setup;
}

std::vector<Source> open_sources(const message::CaptureSetup& setup) {
    std::vector<Source> sources;
    if (setup.offline) {
        sources.push_back(Source::file(message::file_fd));
        return sources;
    }
    for (std::size_t i = 0; i < setup.interface_count; ++i) {
        sources.push_back(Source::live(std::string(setup.interfaces[i].view()), setup));
    }
    return sources;
}

void drop_privileges(const message::CaptureSetup& setup) {
    const std::string name(setup.run_as.view());
    if (name.empty()) return give_up_what_there_is();
    const auto account = find_account(name);
    if (!account)
        throw Error("there is no user " + name + " ([users] capture); `knockmgr init` says how to make it");
    become(*account, std::filesystem::path(setup.empty_root.view()));
}

void run() {
    Channel monitor{Fd(message::monitor_fd)};
    Channel validate{Fd(message::peer_fd)};
    const message::CaptureSetup setup = receive_setup(monitor);

    std::vector<Source> sources = open_sources(setup);
    std::vector<std::string> troubles;
    Answering answering(setup, troubles);
    for (const std::string& trouble : troubles)
        journal("knockd-capture", trouble);
    for (const Algorithm algorithm : all_algorithms) {
        if (setup.algorithms & bit(algorithm)) prepare(algorithm);
    }
    std::uint64_t key = 0;
    system_random({reinterpret_cast<std::uint8_t*>(&key), sizeof key});

    for (const Source& source : sources) { // the sandbox tells them apart by their numbers
        promise(setup.offline || source.fd() < lowest_sending_fd,
                "a capture socket among those that may send");
    }
    const bool sends = answering.sends();
    validate.set_nonblocking();
    Capture capture(setup, std::move(sources), std::move(answering), std::move(monitor), std::move(validate),
                    key);
    drop_privileges(setup);
    confine_capture(sends);
    setup.offline ? capture.replay() : capture.serve();
}

} // namespace

} // namespace otk

int main() {
    // Held until the very end: the monitor takes the end of the channel for the end of the process and kills
    // it, and one that fails has to say why first.
    const otk::Fd held(fcntl(otk::message::monitor_fd, F_DUPFD_CLOEXEC, otk::message::file_fd + 1));
    try {
        otk::run();
    } catch (const std::exception& error) {
        otk::journal("knockd-capture", error.what());
        _exit(1);
    }
    _exit(0); // without the exit handlers of libraries that the sandbox would stop
}
