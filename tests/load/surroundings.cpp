#include "tests/load/surroundings.h"

#include "base/fd.h"
#include "base/promise.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <memory>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>

namespace otk::load {

namespace {

bool same(const struct stat& one, const struct stat& other) {
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

// ip-netns(8) keeps a file for each namespace that it made.
bool made_for_otk(const struct stat& here) {
    std::error_code none; // where nobody made a namespace there is no such directory
    for (const auto& entry : std::filesystem::directory_iterator("/run/netns", none)) {
        struct stat named {};
        if (!entry.path().filename().string().starts_with("otk-")) continue;
        if (stat(entry.path().c_str(), &named) == 0 && same(here, named)) return true;
    }
    return false;
}

void refuse_other_namespaces() {
    struct stat here {};
    if (stat("/proc/self/ns/net", &here) != 0) throw system_error("cannot find out which namespace this is");
    struct stat first {};
    // In a container process 1 may be nobody's to look at, not even root's; the name must do then.
    const bool known = stat("/proc/1/ns/net", &first) == 0;
    if (!known && errno != EACCES)
        throw system_error("nothing is sent: cannot look at process 1's namespace");
    if ((known && same(here, first)) || !made_for_otk(here)) {
        throw Error(
            "nothing is sent: a flood is only for a network namespace made for it, whose name begins with "
            "otk- (ip netns add otk-..., ip netns exec otk-... blast)");
    }
}

Address address_of(const sockaddr* address) {
    const auto* inet = reinterpret_cast<const sockaddr_in*>(address);
    std::array<std::uint8_t, 4> bytes;
    std::memcpy(bytes.data(), &inet->sin_addr, bytes.size());
    return Address::ipv4(bytes);
}

std::uint32_t number_of(const Address& address) { return Reader(address.bytes()).u32().value(); }

// The name of the interface whose subnet holds the target, and our address there.
std::pair<std::string, Address> interface_towards(const Address& target) {
    ifaddrs* all = nullptr;
    if (getifaddrs(&all) != 0) throw system_error("cannot list the interfaces");
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(all, freeifaddrs);
    for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET || one->ifa_netmask == nullptr)
            continue;
        if ((one->ifa_flags & IFF_UP) == 0 || (one->ifa_flags & IFF_LOOPBACK) != 0) continue;
        const Address own = address_of(one->ifa_addr);
        const std::uint32_t mask = number_of(address_of(one->ifa_netmask));
        if (mask == 0 || (number_of(own) & mask) != (number_of(target) & mask)) continue;
        if (own == target) throw Error("nothing is sent: " + target.text() + " is this host's own address");
        return {one->ifa_name, own};
    }
    throw Error("nothing is sent: " + target.text() + " is in no subnet of this namespace's interfaces");
}

void name_it(char (&field)[IFNAMSIZ], const std::string& interface) {
    promise(interface.size() < IFNAMSIZ, "the name of an interface is longer than the kernel allows");
    std::copy(interface.begin(), interface.end(), field);
}

HardwareAddress hardware_of(const sockaddr& address) {
    HardwareAddress hardware;
    std::memcpy(hardware.data(), address.sa_data, hardware.size());
    return hardware;
}

void refuse_what_is_no_veth(const Fd& socket, const std::string& interface) {
    ethtool_drvinfo info{};
    info.cmd = ETHTOOL_GDRVINFO;
    ifreq request{};
    name_it(request.ifr_name, interface);
    request.ifr_data = reinterpret_cast<char*>(&info);
    if (ioctl(socket.get(), SIOCETHTOOL, &request) != 0 || std::strcmp(info.driver, "veth") != 0) {
        throw Error("nothing is sent: " + interface + " is no veth, so it may lead out of this machine");
    }
}

HardwareAddress own_hardware(const Fd& socket, const std::string& interface) {
    ifreq request{};
    name_it(request.ifr_name, interface);
    if (ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0) {
        throw system_error("cannot read the hardware address of " + interface);
    }
    return hardware_of(request.ifr_hwaddr);
}

// The kernel asks for it when a datagram is to be sent there: an empty one to the port that discards (RFC
// 863).
HardwareAddress hardware_of_neighbour(const Fd& socket, const std::string& interface, const Address& target) {
    arpreq request{};
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(9);
    std::memcpy(&to.sin_addr, target.bytes().data(), 4);
    std::memcpy(&request.arp_pa, &to, sizeof to);
    name_it(request.arp_dev, interface);
    for (int tries = 0; tries < 200; ++tries) {
        if (ioctl(socket.get(), SIOCGARP, &request) == 0 && (request.arp_flags & ATF_COM) != 0) {
            return hardware_of(request.arp_ha);
        }
        if (tries % 50 == 0) {
            // One that is lost or refused is sent again.
            (void)sendto(socket.get(), nullptr, 0, MSG_DONTROUTE, reinterpret_cast<const sockaddr*>(&to),
                         sizeof to);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    throw Error("nothing is sent: nobody at " + target.text() + " answers on " + interface +
                " (ARP, two seconds)");
}

} // namespace

Way way_to(const Address& target) {
    refuse_other_namespaces();
    if (target.family() != Family::ipv4) throw Error("nothing is sent: a flood goes to an IPv4 address");
    const auto [interface, own] = interface_towards(target);
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket) throw system_error("cannot open a socket");
    refuse_what_is_no_veth(socket, interface);
    Way way;
    way.interface_index = if_nametoindex(interface.c_str());
    way.route.source = own;
    way.route.target = target;
    way.route.source_hardware = own_hardware(socket, interface);
    way.route.target_hardware = hardware_of_neighbour(socket, interface, target);
    return way;
}

} // namespace otk::load
