// Whole files, written so that a crash leaves either the old or the new one.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace otk {

// Writes a temporary file in the same directory, fsyncs it, renames it over `file` and fsyncs the directory
// when `durable`. Throws Error.
void replace_file(const std::filesystem::path& file, std::string_view content, mode_t mode, bool durable);
// Who may read a file besides its owner.
struct Readers {
    mode_t mode = 0644;
    std::optional<gid_t> group{}; // none: ours
};
// The same for those who read it now: nothing is synced, so that it costs next to nothing, and after a power
// cut anything may stand there. Throws Error.
void publish_file(const std::filesystem::path& file, std::string_view content, const Readers& readers = {});
// Of one that is there; where there is none nothing is done. Throws Error. The folder must be ours alone.
void change_readers(const std::filesystem::path& file, const Readers& readers);
// Removes the temporary files that processes of this user, killed meanwhile, left of these two beside `file`:
// regular ones of exactly such a name. Nobody may be writing it. What cannot be removed stays.
void remove_leftovers(const std::filesystem::path& file);
// The content; nothing when there is no such file. At most `largest` bytes, else Error.
[[nodiscard]] std::optional<std::string> read_file(const std::filesystem::path& file, std::size_t largest);

} // namespace otk
