// What this machine's libpcap can do at best: reads packets of an interface as knockd does while flooded
// (TPACKET_V3, blocks of up to 10 ms, 16 MiB), counts them and does nothing else. `bare_pcap INTERFACE
// SECONDS FILTER` says `ready`, then after so many seconds one line of JSON.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdexcept>
#include <string>

namespace {

using Handle = std::unique_ptr<pcap_t, void (*)(pcap_t*)>;

void demand(const Handle& pcap, bool done) {
    if (!done) throw std::runtime_error(pcap_geterr(pcap.get()));
}

Handle opened(const char* interface, const char* filter) {
    char why[PCAP_ERRBUF_SIZE] = "";
    Handle pcap(pcap_create(interface, why), pcap_close);
    if (!pcap) throw std::runtime_error(why);
    demand(pcap, pcap_set_snaplen(pcap.get(), 1024) == 0 && pcap_set_timeout(pcap.get(), 10) == 0 &&
                     pcap_set_buffer_size(pcap.get(), 16 << 20) == 0 && pcap_activate(pcap.get()) >= 0);
    bpf_program program{};
    demand(pcap, pcap_compile(pcap.get(), &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0);
    demand(pcap, pcap_setfilter(pcap.get(), &program) == 0);
    pcap_freecode(&program);
    demand(pcap, pcap_setnonblock(pcap.get(), 1, why) == 0);
    return pcap;
}

void count_one(u_char* count, const pcap_pkthdr*, const u_char*) {
    ++*reinterpret_cast<std::uint64_t*>(count);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fputs("usage: bare_pcap INTERFACE SECONDS FILTER\n", stderr);
        return 2;
    }
    try {
        const Handle pcap = opened(argv[1], argv[3]);
        std::puts("ready");
        std::fflush(stdout);
        std::uint64_t count = 0;
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(argv[2]));
        while (std::chrono::steady_clock::now() < end) {
            pollfd readable{.fd = pcap_get_selectable_fd(pcap.get()), .events = POLLIN, .revents = 0};
            poll(&readable, 1, 100); // interrupted or late: asked again
            demand(pcap, pcap_dispatch(pcap.get(), -1, count_one, reinterpret_cast<u_char*>(&count)) >= 0);
        }
        pcap_stat lost{};
        demand(pcap, pcap_stats(pcap.get(), &lost) == 0);
        std::printf("{\"received\": %llu, \"lost\": %u}\n", static_cast<unsigned long long>(count),
                    lost.ps_drop);
        return 0;
    } catch (const std::runtime_error& error) {
        std::fprintf(stderr, "bare_pcap: %s\n", error.what());
        return 1;
    }
}
