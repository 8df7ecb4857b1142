#include "knockd/monitor/host_watch.h"

#include <arpa/inet.h>
#include <array>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>
#include <set>

namespace otk {

namespace {

// All addresses of all interfaces, sorted, as one text to compare; "" when the kernel does not tell.
std::string addresses_of_host() {
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) return "";
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
    std::set<std::string> sorted; // the kernel's order may change without meaning anything
    for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
        if (each->ifa_addr == nullptr) continue;
        const int family = each->ifa_addr->sa_family;
        const void* address = nullptr;
        if (family == AF_INET) address = &reinterpret_cast<const sockaddr_in*>(each->ifa_addr)->sin_addr;
        if (family == AF_INET6) address = &reinterpret_cast<const sockaddr_in6*>(each->ifa_addr)->sin6_addr;
        std::array<char, INET6_ADDRSTRLEN> text{};
        if (address == nullptr || inet_ntop(family, address, text.data(), text.size()) == nullptr) continue;
        sorted.insert(std::string(each->ifa_name) + " " + text.data());
    }
    std::string all;
    for (const std::string& line : sorted)
        all += line + "\n";
    return all;
}

// Those of the configuration that there are; "any" always is.
std::string interfaces_of_host(const Config& config) {
    std::string there;
    for (const std::string& name : config.capture.interfaces) {
        if (name == "any" || if_nametoindex(name.c_str()) != 0) there += name + "\n";
    }
    return there;
}

bool answers_on_every_address(const Config& config) {
    return config.dns.enabled && config.dns.answer && !config.dns.zones.empty() && config.dns.listen.empty();
}

} // namespace

void HostWatch::note(const Config& config) {
    addresses_ = addresses_of_host();
    interfaces_ = interfaces_of_host(config);
}

std::string HostWatch::change(const Config& config) const {
    if (answers_on_every_address(config) && addresses_of_host() != addresses_)
        return "addresses of this host have changed; knockd-capture is started again to answer DNS on them";
    if (interfaces_of_host(config) != interfaces_)
        return "an interface of [capture] interfaces came or went; knockd-capture is started again";
    return {};
}

} // namespace otk
