#include "knockmgr/owned_files.h"

#include "base/fd.h"
#include "knockmgr/installation.h"
#include "sys/privileges.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk::knockmgr {

gid_t validate_group(const Config& config, const Places& where) {
    if (!is_root()) return getegid();
    if (const auto account = find_account(config.users.validate)) return account->gid;
    throw Error(fmt::format("there is no system account '{}', which {} names under [users]; make it, or name "
                            "another",
                            config.users.validate, where.config.string()));
}

void make_directory(const std::filesystem::path& directory, mode_t mode, uid_t uid, gid_t gid) {
    if (mkdir(directory.c_str(), mode) != 0 && errno != EEXIST) throw system_error(directory.string());
    // By descriptor and without following links: nobody can have the mode of something else changed.
    const Fd opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!opened) throw system_error(directory.string());
    if (is_root() && fchown(opened.get(), uid, gid) != 0)
        throw system_error("owner of " + directory.string());
    if (fchmod(opened.get(), mode) != 0) throw system_error("mode of " + directory.string());
}

namespace {

void write_all(int fd, std::string_view content, const std::filesystem::path& file) {
    while (!content.empty()) {
        const ssize_t written = write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) throw system_error("writing " + file.string());
        content.remove_prefix(static_cast<std::size_t>(written));
    }
}

void sync(const std::filesystem::path& directory) {
    const Fd opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened || fsync(opened.get()) != 0) throw system_error("bringing to the disk " + directory.string());
}

} // namespace

void write_group_file(const std::filesystem::path& file, std::string_view content, gid_t group) {
    const std::filesystem::path unfinished = file.string() + ".unfinished";
    (void)unlink(unfinished.c_str()); // of one who was interrupted here
    const Fd opened(open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!opened) throw system_error(unfinished.string());
    write_all(opened.get(), content, unfinished);
    // Without root the group is everybody whom the caller shares it with.
    if (is_root() && fchown(opened.get(), 0, group) != 0)
        throw system_error("owner of " + unfinished.string());
    if (is_root() && fchmod(opened.get(), 0640) != 0) throw system_error("mode of " + unfinished.string());
    if (fsync(opened.get()) != 0) throw system_error("bringing to the disk " + unfinished.string());
    if (rename(unfinished.c_str(), file.c_str()) != 0) throw system_error("renaming " + unfinished.string());
    sync(file.parent_path());
}

} // namespace otk::knockmgr
