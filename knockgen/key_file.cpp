#include "knockgen/key_file.h"

#include "base/fd.h"
#include "base/random.h"
#include "base/text.h"
#include "sheet/sheet.h"

#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {
namespace {

constexpr std::string_view comment =
    "# The key of one otk chain, made by knockgen. Whoever reads it can knock.\n";
constexpr std::size_t largest_key_file = 4096;

// Anything but a private file of our own is refused, not warned of: who may read it is who may knock.
void check_owner_and_mode(int fd, const std::string& name) {
    struct stat status {};
    if (fstat(fd, &status) != 0) throw system_error(fmt::format("cannot look at {}", name));
    if (!S_ISREG(status.st_mode))
        throw Error(fmt::format("{} is no regular file, so it is no key file", name));
    if (status.st_uid != geteuid()) {
        throw Error(
            fmt::format("{} is not yours, so somebody else has this key; make one of your own with "
                        "knockgen key new, or, where it is yours all the same, type: sudo chown {} {}",
                        name, geteuid(), name));
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        throw Error(fmt::format("others may get at {} (mode {:04o}), so it is not used; type: chmod 600 {}",
                                name, status.st_mode & 07777U, name));
    }
}

std::size_t read_whole(int fd, SecretArray<largest_key_file>& content, const std::string& name) {
    for (std::size_t size = 0;;) {
        const MutableBytes room = content.fill().subspan(size);
        if (room.empty()) throw Error(fmt::format("{} is too long to be a key file", name));
        const ssize_t got = read(fd, room.data(), room.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw system_error(fmt::format("cannot read {}", name));
        if (got == 0) return size;
        size += static_cast<std::size_t>(got);
    }
}

// One line of digits, and around it nothing but comments and empty lines.
bool parse(std::string_view text, SecretArray<32>& master) {
    bool found = false;
    for (const std::string_view line : split(text, '\n')) {
        if (line.empty() || line.front() == '#') continue;
        if (found || !secret_from_hex(line, master.fill())) return false;
        found = true;
    }
    return found;
}

} // namespace

void make_key_file(const std::filesystem::path& file) {
    SecretArray<32> master;
    system_random(master.fill());
    write_private_file(file, secret_as_hex_line(master.view(), comment).text());
}

SecretArray<32> read_key_file(const std::filesystem::path& file) {
    const std::string name = printable(file.string());
    // O_NONBLOCK: a pipe in the file's place must not hang us before it is refused.
    const Fd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!fd) throw system_error(fmt::format("cannot open the key file {}", name));
    check_owner_and_mode(fd.get(), name);
    SecretArray<largest_key_file> content;
    const std::size_t size = read_whole(fd.get(), content, name);
    SecretArray<32> master;
    if (!parse(as_text(content.view().first(size)), master)) {
        throw Error(
            fmt::format("{} holds no key: it should have one line of 64 hex digits, and comments that "
                        "begin with #; knockgen key new makes one",
                        name));
    }
    return master;
}

} // namespace otk
