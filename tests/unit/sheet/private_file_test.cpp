#include "base/promise.h"
#include "sheet/sheet.h"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sys/resource.h>
#include <sys/stat.h>

#include <doctest/doctest.h>

using namespace otk;
namespace fs = std::filesystem;

namespace {

// A directory of its own that goes away with the test.
class Scratch {
  public:
    Scratch() {
        std::string pattern = (fs::temp_directory_path() / "otk-sheet-XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        directory_ = pattern;
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() { fs::remove_all(directory_); }

    [[nodiscard]] fs::path operator/(const char* name) const { return directory_ / name; }

  private:
    fs::path directory_;
};

std::string content_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

mode_t mode_of(const fs::path& file) {
    struct stat status {};
    REQUIRE(stat(file.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

} // namespace

TEST_CASE("a sheet is its owner's alone, whatever the umask") {
    const Scratch scratch;
    for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{0777}}) {
        CAPTURE(mask);
        const fs::path file = scratch / ("sheet-" + std::to_string(mask)).c_str();
        const mode_t before = umask(mask);
        write_private_file(file, "one knock\n");
        umask(before);
        CHECK(mode_of(file) == 0600);
        CHECK(content_of(file) == "one knock\n");
    }
}

TEST_CASE("nothing is overwritten, not through a symbolic link either") {
    const Scratch scratch;
    const fs::path file = scratch / "sheet";
    write_private_file(file, "first");
    CHECK_THROWS_WITH_AS(write_private_file(file, "second"), doctest::Contains("exists already"), Error);
    CHECK(content_of(file) == "first");
    fs::create_symlink(scratch / "elsewhere", scratch / "link");
    CHECK_THROWS_AS(write_private_file(scratch / "link", "second"), Error);
    CHECK_FALSE(fs::exists(scratch / "elsewhere"));
}

TEST_CASE("whether a sheet could be written is told without writing one") {
    const Scratch scratch;
    const fs::path file = scratch / "sheet";
    check_new_file(file);
    CHECK_FALSE(fs::exists(file));
    write_private_file(file, "first");
    CHECK_THROWS_WITH_AS(check_new_file(file), doctest::Contains("exists already"), Error);
    fs::create_symlink(scratch / "elsewhere", scratch / "link");
    CHECK_THROWS_WITH_AS(check_new_file(scratch / "link"), doctest::Contains("exists already"), Error);
    CHECK_THROWS_WITH_AS(check_new_file(scratch / "none/sheet"), doctest::Contains("none/sheet"), Error);
}

TEST_CASE("a missing directory is named") {
    const Scratch scratch;
    CHECK_THROWS_WITH_AS(write_private_file(scratch / "none/sheet", "x"), doctest::Contains("none/sheet"),
                         Error);
}

TEST_CASE("of a sheet that did not fit on the disk nothing stays behind") {
    const Scratch scratch;
    const fs::path file = scratch / "sheet";
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{4096, before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
    CHECK_THROWS_AS(write_private_file(file, std::string(10000, 'x')), Error);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
    std::signal(SIGXFSZ, handler);
    CHECK_FALSE(fs::exists(file));
}
