#include "knockd/capture/ring.h"

#include "base/fd.h"
#include "knockd/capture/filter.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <sys/socket.h>

namespace otk {

namespace {

// Bytes kept of each frame: whatever comes in one piece over a link of the usual 1500 bytes, with tags and a
// cooked header before it. What is longer is no knock: it is captured cut off, and decode_packet refuses it.
// Two slots of the early ring fit into a page with it.
constexpr int snapshot = 1792;

Error pcap_error(const std::string& what, pcap* handle) { return Error(what + ": " + pcap_geterr(handle)); }

// pcap's own warnings (positive) mean that the handle works.
void must(int status, const std::string& what, pcap* handle) {
    if (status < 0) throw pcap_error(what, handle);
}

void prefer_datalink(pcap* handle) {
    // The newer cooked header names the interface; not every libpcap or device has it, and the older one does
    // too.
    if (pcap_datalink(handle) == DLT_LINUX_SLL) (void)pcap_set_datalink(handle, DLT_LINUX_SLL2);
}

void set_and_lock_filter(pcap* handle, const std::string& name, const std::string& expression) {
    // Before the filter: setting that drops what came in until then, so nothing outgoing is left in the ring.
    const int fd = pcap_fileno(handle);
    const int on = 1;
    if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0) {
        throw system_error("ignore outgoing packets on " + name);
    }
    bpf_program program{};
    must(pcap_compile(handle, &program, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN), "filter for " + name,
         handle);
    const int status = pcap_setfilter(handle, &program);
    pcap_freecode(&program);
    must(status, "filter for " + name, handle);

    if (setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on) != 0)
        throw system_error("lock filter on " + name);
    // The proof: taking the filter away must fail from here on, even for root.
    promise(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &on, sizeof on) != 0,
            "the packet filter is not locked");
}

} // namespace

void Ring::Close::operator()(pcap* handle) const { pcap_close(handle); }

Ring::Ring(std::unique_ptr<pcap, Close> handle, std::string name) :
    handle_(std::move(handle)), name_(std::move(name)) {
    const auto link = link_type_of(pcap_datalink(handle_.get()));
    if (!link) {
        const char* type = pcap_datalink_val_to_name(pcap_datalink(handle_.get()));
        throw Error(name_ + ": cannot read link type " + (type != nullptr ? type : "unknown") +
                    "; Ethernet, cooked, raw IP and loopback are supported");
    }
    link_ = *link;
    nanoseconds_ = pcap_get_tstamp_precision(handle_.get()) == PCAP_TSTAMP_PRECISION_NANO;
}

Ring Ring::live(const std::string& interface, const message::CaptureSetup& setup, Kind kind, int bytes) {
    std::array<char, PCAP_ERRBUF_SIZE> message{};
    std::unique_ptr<pcap, Close> handle(pcap_create(interface.c_str(), message.data()));
    if (!handle) throw Error("interface " + interface + ": " + message.data());
    must(pcap_set_snaplen(handle.get(), snapshot), interface, handle.get());
    must(pcap_set_promisc(handle.get(), 0), interface, handle.get());
    if (kind == Kind::early) {
        must(pcap_set_immediate_mode(handle.get(), 1), interface, handle.get());
    } else {
        must(pcap_set_timeout(handle.get(), static_cast<int>(block_timeout.count())), interface,
             handle.get());
    }
    must(pcap_set_buffer_size(handle.get(), bytes), interface, handle.get());
    must(pcap_activate(handle.get()), "interface " + interface, handle.get());
    prefer_datalink(handle.get());
    must(pcap_setnonblock(handle.get(), 1, message.data()), interface, handle.get());

    Ring ring(std::move(handle), "interface " + interface);
    set_and_lock_filter(ring.handle_.get(), ring.name_, filter_expression(setup, ring.link_));
    return ring;
}

Ring Ring::file(int descriptor) {
    std::array<char, PCAP_ERRBUF_SIZE> message{};
    std::FILE* stream = ::fdopen(descriptor, "rb");
    if (stream == nullptr) throw system_error("capture file");
    std::unique_ptr<pcap, Close> handle(
        pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, message.data()));
    if (!handle) {
        (void)std::fclose(stream);
        throw Error(std::string("capture file: ") + message.data());
    }
    return {std::move(handle), "capture file"};
}

int Ring::fd() const { return pcap_get_selectable_fd(handle_.get()); }

namespace {

struct Taker {
    LinkType link;
    bool nanoseconds;
    void (*take)(void* context, const Frame& frame);
    void* context;
};

void take_frame(u_char* user, const pcap_pkthdr* header, const u_char* bytes) {
    const Taker& taker = *reinterpret_cast<const Taker*>(user);
    const std::int64_t fraction = header->ts.tv_usec * (taker.nanoseconds ? 1 : 1000);
    // A file may claim any time; what nanoseconds cannot hold is cut to what they can (the year 2262).
    const std::int64_t seconds = std::clamp<std::int64_t>(header->ts.tv_sec, 0, 9'000'000'000);
    const Time at =
        from_nanoseconds(seconds * 1'000'000'000 + std::clamp<std::int64_t>(fraction, 0, 999'999'999));
    taker.take(taker.context, Frame{{bytes, header->caplen}, taker.link, at});
}

} // namespace

// Of libpcap 1.10: with a count, a block that was read in part stays where it is and is gone on with at the
// next call; it goes back to the kernel when its last frame was handed out.
int Ring::read_with(int most, void (*take)(void* context, const Frame& frame), void* context) {
    Taker taker{link_, nanoseconds_, take, context};
    const int count = pcap_dispatch(handle_.get(), most, take_frame, reinterpret_cast<u_char*>(&taker));
    if (count < 0) throw pcap_error(name_, handle_.get());
    return count;
}

void Ring::discard() {
    constexpr int at_once = 256;
    constexpr int most_rounds = 64; // it may fill as fast as it is emptied
    for (int round = 0; round < most_rounds; ++round) {
        if (read(at_once, [](const Frame&) {}) < at_once) return;
    }
}

std::uint32_t Ring::dropped() {
    pcap_stat statistics{};
    // Files have no statistics; a device that fails here fails in read(), too, and is reported there.
    if (pcap_stats(handle_.get(), &statistics) == 0) dropped_ = statistics.ps_drop;
    return dropped_;
}

} // namespace otk
