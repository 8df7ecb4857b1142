// A ledger whose disk is full.
#pragma once

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <sys/resource.h>

namespace otk::test {

// As on a full file system: no file of this process can grow beyond what the ledger's log has now.
class NoRoom {
  public:
    explicit NoRoom(const std::filesystem::path& ledger) {
        before_ = std::signal(SIGXFSZ, SIG_IGN);
        REQUIRE(getrlimit(RLIMIT_FSIZE, &old_) == 0);
        rlimit small = old_;
        small.rlim_cur = std::filesystem::file_size(ledger.native() + "-wal");
        REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
    }
    NoRoom(const NoRoom&) = delete;
    NoRoom& operator=(const NoRoom&) = delete;
    ~NoRoom() {
        (void)setrlimit(RLIMIT_FSIZE, &old_);
        (void)std::signal(SIGXFSZ, before_);
    }

  private:
    rlimit old_{};
    void (*before_)(int) = nullptr;
};

} // namespace otk::test
