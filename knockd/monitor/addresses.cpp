#include "knockd/monitor/addresses.h"

#include <arpa/inet.h>
#include <array>
#include <ifaddrs.h>
#include <memory>
#include <netinet/in.h>
#include <set>

namespace otk {

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

} // namespace otk
