#include "sys/file.h"

#include "base/fd.h"
#include "base/promise.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace otk {

namespace {

void write_all(int fd, std::string_view content, const std::string& name) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw system_error("cannot write " + name);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
}

void sync_directory(const std::filesystem::path& directory) {
    const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) throw system_error("cannot sync directory " + directory.string());
}

std::filesystem::path directory_of(const std::filesystem::path& file) {
    return file.has_parent_path() ? file.parent_path() : ".";
}

std::string temporary_name_of(const std::filesystem::path& file) {
    return "." + file.filename().string() + ".XXXXXX";
}

// Has mkostemp made it of that name?
bool is_temporary_name_of(const std::filesystem::path& file, const std::string& name) {
    constexpr std::string_view made = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const std::string pattern = temporary_name_of(file);
    const std::size_t fixed = pattern.size() - 6;
    return name.size() == pattern.size() && name.compare(0, fixed, pattern, 0, fixed) == 0 &&
           name.find_first_not_of(made, fixed) == std::string::npos;
}

void set_mode(int fd, mode_t mode, const std::string& file) {
    if (::fchmod(fd, mode) != 0) throw system_error("cannot set the mode of " + file);
}

void give_to(int fd, const std::optional<gid_t>& group, const std::string& file) {
    constexpr auto same_owner = static_cast<uid_t>(-1);
    if (group && ::fchown(fd, same_owner, *group) != 0) throw system_error("cannot set the group of " + file);
}

// A file beside `file`, because a rename stays within one file system; hidden, and with an ending of its own,
// so that nobody who takes all files of a folder by their ending takes half of one. It is unlinked again
// unless it was renamed into its place. Errors name `file`: the same trouble has the same text each time.
class TemporaryFile {
  public:
    explicit TemporaryFile(const std::filesystem::path& file) :
        file_(file.string()), name_((directory_of(file) / temporary_name_of(file)).string()),
        fd_(::mkostemp(name_.data(), O_CLOEXEC)) {
        if (!fd_) throw system_error("cannot make a file beside " + file_);
    }
    ~TemporaryFile() {
        if (!in_place_) (void)::unlink(name_.c_str());
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    void fill(std::string_view content, mode_t mode) {
        write_all(fd_.get(), content, file_);
        set_mode(fd_.get(), mode, file_);
    }
    void let_group(const std::optional<gid_t>& group) { give_to(fd_.get(), group, file_); }
    void sync() {
        if (::fsync(fd_.get()) != 0) throw system_error("cannot sync " + file_);
    }
    void put_in_place() {
        if (::rename(name_.c_str(), file_.c_str()) != 0) throw system_error("cannot replace " + file_);
        in_place_ = true;
    }

  private:
    std::string file_;
    std::string name_;
    Fd fd_;
    bool in_place_ = false;
};

} // namespace

void replace_file(const std::filesystem::path& file, std::string_view content, mode_t mode, bool durable) {
    TemporaryFile temporary(file);
    temporary.fill(content, mode);
    temporary.sync();
    temporary.put_in_place();
    if (durable) sync_directory(directory_of(file));
}

void publish_file(const std::filesystem::path& file, std::string_view content, const Readers& readers) {
    TemporaryFile temporary(file);
    temporary.let_group(readers.group); // while nobody else may read it
    temporary.fill(content, readers.mode);
    temporary.put_in_place();
}

void change_readers(const std::filesystem::path& file, const Readers& readers) {
    const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd && errno == ENOENT) return;
    if (!fd) throw system_error("cannot open " + file.string());
    give_to(fd.get(), readers.group, file.string());
    set_mode(fd.get(), readers.mode, file.string());
}

void remove_leftovers(const std::filesystem::path& file) {
    std::error_code trouble; // whoever writes there next meets it, too
    std::filesystem::directory_iterator entry(directory_of(file), trouble);
    for (; !trouble && entry != std::filesystem::directory_iterator(); entry.increment(trouble)) {
        struct stat status {};
        const std::filesystem::path& path = entry->path();
        const bool ours = is_temporary_name_of(file, path.filename().string()) &&
                          ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
                          status.st_uid == ::geteuid();
        if (ours) (void)::unlink(path.c_str());
    }
}

std::optional<std::string> read_file(const std::filesystem::path& file, std::size_t largest) {
    // O_NONBLOCK: a pipe put in the file's place must not hang the reader.
    const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd && errno == ENOENT) return std::nullopt;
    if (!fd) throw system_error("cannot open " + file.string());
    std::string content;
    std::array<char, 16384> piece{};
    for (;;) {
        const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw system_error("cannot read " + file.string());
        if (got == 0) return content;
        content.append(piece.data(), static_cast<std::size_t>(got));
        if (content.size() > largest) {
            throw Error(file.string() + " is larger than " + std::to_string(largest) +
                        " bytes; is it the right file?");
        }
    }
}

} // namespace otk
