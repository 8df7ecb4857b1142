#include "store/writer_lock.h"

#include "base/text.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <string>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {

namespace {

// What the holder wrote into the file; nothing when that is no process number.
std::optional<std::uint64_t> holder_of(int fd) {
    std::array<char, 20> text{};
    const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
    if (size <= 0) return std::nullopt;
    return parse_decimal({text.data(), static_cast<std::size_t>(size)}, UINT32_MAX);
}

} // namespace

WriterLock::WriterLock(const std::filesystem::path& file) {
    const std::string name = file.native() + ".lock";
    fd_ = Fd(::open(name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640));
    if (!fd_) {
        const int why = errno;
        const Error error = system_error(fmt::format("cannot lock {} by {}", file.native(), name));
        if (why == EROFS || why == ENOSPC || why == EDQUOT) throw Unwritable(error.what());
        throw Error(error);
    }
    // A lock of the open file and not of the process: a second Ledger in this one is kept out as well.
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (::fcntl(fd_.get(), F_OFD_SETLK, &whole) != 0) {
        if (errno != EAGAIN && errno != EACCES) throw system_error(fmt::format("cannot lock {}", name));
        const auto process = holder_of(fd_.get());
        const std::string who = process ? fmt::format("process {}", *process) : "another process";
        throw Locked(fmt::format("{} writes {}: only one may; stop it first", who, file.native()));
    }
    const std::string process = std::to_string(::getpid());
    // Only help for the message above: the lock holds whether or not the disk takes these bytes.
    (void)!::ftruncate(fd_.get(), 0);
    (void)!::pwrite(fd_.get(), process.data(), process.size(), 0);
}

WriterLock WriterLock::patiently(const std::filesystem::path& file, std::chrono::milliseconds how_long) {
    constexpr std::chrono::milliseconds pause{50};
    const auto end = std::chrono::steady_clock::now() + how_long;
    for (;;) {
        try {
            return WriterLock(file);
        } catch (const Locked&) {
            if (std::chrono::steady_clock::now() >= end) throw;
        }
        std::this_thread::sleep_for(pause);
    }
}

} // namespace otk
