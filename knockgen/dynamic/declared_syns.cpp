#include "knockgen/dynamic/declared_syns.h"

#include "base/promise.h"
#include "net/socket_address.h"
#include "sys/raw_capability.h"

#include <algorithm>
#include <sys/socket.h>

namespace otk {
namespace {

// Ports below are those of services, which firewalls look at more closely.
constexpr std::uint32_t lowest_port = 1024, ports = 65'536 - lowest_port;
// What systems take for connections that they begin (RFC 6335 section 6).
constexpr std::uint32_t lowest_source_port = 49'152, source_ports = 65'536 - lowest_source_port;

std::uint32_t any_number(const RandomSource& random) {
    std::array<std::uint8_t, 4> bytes{};
    random(bytes);
    return *Reader(bytes).u32();
}

} // namespace

DeclaredSyns choose_syns(const RandomSource& random) {
    DeclaredSyns syns{};
    for (auto syn = syns.begin(); syn != syns.end();) {
        syn->port = static_cast<std::uint16_t>(lowest_port + random_below(random, ports));
        syn->sequence = any_number(random);
        const bool taken =
            std::any_of(syns.begin(), syn, [&](const DeclaredSyn& one) { return one.port == syn->port; });
        if (!taken) ++syn;
    }
    return syns;
}

SynSender::SynSender(bool sequence_is_ignored) {
    if (RawSyns::permitted()) {
        raw_.emplace();
        drop_raw_capability();
        return;
    }
    if (sequence_is_ignored) return;
    throw Error(
        "SYN segments with sequence numbers of our own need the capability CAP_NET_RAW, which this process "
        "lacks. Give it to the program (sudo setcap cap_net_raw=ep $(command -v knockgen)), or run it with "
        "sudo, or ask your administrator for `knockmgr grant set USER COMMAND --isn ignore` and say --isn "
        "ignore here, too: then ordinary connections do");
}

void SynSender::send(const Target& way, const DeclaredSyns& syns) {
    promise(way.own.has_value(), "a way has an address of ours");
    if (raw_) {
        send_raw(way, syns);
    } else {
        connect_all(way, syns);
    }
}

void SynSender::send_raw(const Target& way, const DeclaredSyns& syns) {
    for (const DeclaredSyn& syn : syns) {
        // Another one each time: firewalls that keep connections in mind drop what looks like one of before.
        const std::uint32_t source_port = lowest_source_port + random_below(system_random, source_ports);
        raw_->send({.source = *way.own,
                    .destination = way.address,
                    .source_port = static_cast<std::uint16_t>(source_port),
                    .destination_port = syn.port,
                    .sequence = syn.sequence},
                   way.scope);
    }
}

void SynSender::connect_all(const Target& way, const DeclaredSyns& syns) {
    connects_.clear();
    for (const DeclaredSyn& syn : syns) {
        Fd fd(socket(socket_family(way.address), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
        if (!fd) continue;
        // Whatever listens there is told at once that nobody came.
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        const SocketAddress own = socket_address(*way.own, 0, way.scope);
        (void)bind(fd.get(), own.get(), own.size);
        const SocketAddress to = socket_address(way.address, syn.port, way.scope);
        (void)connect(fd.get(), to.get(), to.size); // begins; nobody waits for its end
        connects_.push_back(std::move(fd));
    }
}

} // namespace otk
