#include "knockd/capture/port_owner.h"

#include "base/text.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include <fmt/format.h>

namespace otk {

namespace {

namespace fs = std::filesystem;

// /proc/net/udp writes each 32-bit word of an address in host order (little-endian on the machines that we
// know).
std::string words_in_host_order(Bytes bytes) {
    std::string text;
    for (std::size_t word = 0; word < bytes.size(); word += 4) {
        for (std::size_t i = 4; i > 0; --i)
            text += fmt::format("{:02X}", bytes[word + i - 1]);
    }
    return text;
}

// Inodes of the sockets on the port: of the address itself or of the wildcard address (all zeros).
std::set<std::string> inodes_on(const fs::path& table, const Address& address, std::uint16_t port) {
    std::set<std::string> inodes;
    std::ifstream file(table);
    const std::string own = fmt::format("{}:{:04X}", words_in_host_order(address.bytes()), port);
    const std::string end = fmt::format(":{:04X}", port);
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        std::string slot, local, skipped, inode;
        fields >> slot >> local;
        for (int i = 0; i < 7; ++i)
            fields >> skipped; // remote st queues timer retransmits uid timeout
        fields >> inode;
        const std::string_view host = std::string_view(local).substr(0, local.find(':'));
        const bool wildcard = !host.empty() && host.find_first_not_of('0') == std::string_view::npos;
        if (local == own || (wildcard && local.ends_with(end))) inodes.insert("socket:[" + inode + "]");
    }
    return inodes;
}

bool holds_one_of(const fs::path& process, const std::set<std::string>& sockets) {
    std::error_code ignored;
    for (const fs::directory_entry& fd : fs::directory_iterator(process / "fd", ignored)) {
        if (sockets.contains(fs::read_symlink(fd.path(), ignored).string())) return true;
    }
    return false;
}

} // namespace

std::string owner_of_udp_port(const Address& address, std::uint16_t port) {
    std::set<std::string> sockets = inodes_on("/proc/net/udp", address, port);
    sockets.merge(inodes_on("/proc/net/udp6", address, port));
    std::error_code ignored;
    for (const fs::directory_entry& process : fs::directory_iterator("/proc", ignored)) {
        const std::string pid = process.path().filename();
        if (!std::all_of(pid.begin(), pid.end(), is_digit) || !holds_one_of(process.path(), sockets))
            continue;
        std::ifstream comm(process.path() / "comm");
        std::string name;
        std::getline(comm, name);
        return fmt::format("{} (pid {})", printable(name), pid);
    }
    return "another program";
}

} // namespace otk
