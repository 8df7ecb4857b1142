#include "knockd/capture/port_owner.h"

#include "base/text.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

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

// What is in a directory of /proc; processes come and go while it is read, so no step of it may throw.
std::vector<fs::path> entries_of(const fs::path& directory) {
    std::vector<fs::path> entries;
    std::error_code error;
    for (fs::directory_iterator each(directory, error); !error && each != fs::directory_iterator();
         each.increment(error)) {
        entries.push_back(each->path());
    }
    return entries;
}

bool holds_one_of(const fs::path& process, const std::set<std::string>& sockets) {
    const std::vector<fs::path> descriptors = entries_of(process / "fd");
    return std::any_of(descriptors.begin(), descriptors.end(), [&](const fs::path& descriptor) {
        std::error_code ignored;
        return sockets.contains(fs::read_symlink(descriptor, ignored).string());
    });
}

} // namespace

std::string owner_of_udp_port(const Address& address, std::uint16_t port) {
    std::set<std::string> sockets = inodes_on("/proc/net/udp", address, port);
    sockets.merge(inodes_on("/proc/net/udp6", address, port));
    for (const fs::path& process : entries_of("/proc")) {
        const std::string pid = process.filename();
        if (!std::all_of(pid.begin(), pid.end(), is_digit) || !holds_one_of(process, sockets)) continue;
        std::ifstream comm(process / "comm");
        std::string name;
        std::getline(comm, name);
        return fmt::format("{} (pid {})", printable(name), pid);
    }
    return "another program";
}

} // namespace otk
