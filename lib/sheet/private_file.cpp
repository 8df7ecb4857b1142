#include "base/fd.h"
#include "sheet/sheet.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {
namespace {

Error trouble(const char* what, const std::filesystem::path& file) {
    return system_error(fmt::format("cannot {} {}", what, file.string()));
}

Error taken(const std::filesystem::path& file) {
    return Error(fmt::format("{} exists already and is not overwritten; choose another name, or remove it if "
                             "nobody needs it any more",
                             file.string()));
}

std::filesystem::path directory_of(const std::filesystem::path& file) {
    return file.parent_path().empty() ? "." : file.parent_path();
}

Fd create(const std::filesystem::path& file) {
    Fd fd(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (fd) return fd;
    if (errno == EEXIST) throw taken(file);
    throw trouble("create", file);
}

void write_all(int fd, std::string_view text, const std::filesystem::path& file) {
    while (!text.empty()) {
        const ssize_t written = write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) throw trouble("write", file);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

// The name of a new file is safe only when its directory is.
void sync_directory_of(const std::filesystem::path& file) {
    const std::filesystem::path parent = directory_of(file);
    const Fd directory(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // A directory that may be written but not read cannot be synced by its user; the file itself was.
    if (!directory && errno == EACCES) return;
    if (!directory || fsync(directory.get()) != 0) throw trouble("bring to the disk the directory", parent);
}

} // namespace

void check_new_file(const std::filesystem::path& file) {
    struct stat status {};
    if (lstat(file.c_str(), &status) == 0) throw taken(file); // a link too, wherever it leads
    if (eaccess(directory_of(file).c_str(), W_OK | X_OK) != 0) throw trouble("create", file);
}

void write_private_file(const std::filesystem::path& file, std::string_view text) {
    const Fd fd = create(file);
    try {
        if (fchmod(fd.get(), 0600) != 0) throw trouble("set the mode of", file);
        write_all(fd.get(), text, file);
        if (fsync(fd.get()) != 0) throw trouble("bring to the disk", file);
        sync_directory_of(file);
    } catch (const Error&) {
        (void)unlink(file.c_str()); // the first error is the one to report
        throw;
    }
}

} // namespace otk
