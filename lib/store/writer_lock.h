// One writer: an advisory lock beside the database, held by a descriptor and so gone with its process.
#pragma once

#include "base/fd.h"
#include "base/promise.h"

#include <chrono>
#include <filesystem>

namespace otk {

// Another process is the writer: it may end, so trying again later makes sense.
class Locked : public Error {
  public:
    using Error::Error;
};

// The file system takes nothing now: it is full, or mounted for reading only. That may pass, too.
class Unwritable : public Error {
  public:
    using Error::Error;
};

class WriterLock {
  public:
    WriterLock() = default; // holds nothing
    // Locks FILE.lock, made with mode 0640 where there is none; it stays when the lock ends. Throws Locked
    // that names the process that holds it, as far as that is known, and Unwritable. (Not a lock on the
    // database itself: SQLite's own locks on it would go when any descriptor of it is closed.)
    explicit WriterLock(const std::filesystem::path& file);
    // The same, but tries again for so long before it throws Locked.
    [[nodiscard]] static WriterLock patiently(const std::filesystem::path& file,
                                              std::chrono::milliseconds how_long);

  private:
    Fd fd_;
};

} // namespace otk
