#include "sys/file.h"

#include "base/promise.h"
#include "helpers.h"

#include <doctest/doctest.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace otk {

namespace {

std::size_t entries(const std::filesystem::path& directory) {
    const std::filesystem::directory_iterator all(directory);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

mode_t mode_of(const std::filesystem::path& file) {
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    return status.st_mode & 07777U;
}

} // namespace

TEST_CASE("file: written, read back, replaced, with the mode asked for whatever the umask") {
    const test::TemporaryDirectory directory;
    const auto file = directory.path() / "mark";
    const std::string with_zero("one\0two", 7);
    replace_file(file, with_zero, 0640, true);
    CHECK(read_file(file, 100) == with_zero);
    CHECK(mode_of(file) == 0640U);
    replace_file(file, "", 0666, false);
    CHECK(read_file(file, 100) == "");
    CHECK(mode_of(file) == 0666U);
    CHECK(entries(directory.path()) == 1); // no temporary file is left
}

TEST_CASE("file: published is replaced, with the mode whatever the umask, and a link in its place is not "
          "followed") {
    const test::TemporaryDirectory directory;
    const auto file = directory.path() / "otk.prom";
    const auto elsewhere = directory.path() / "elsewhere";
    replace_file(elsewhere, "kept", 0600, false);
    std::filesystem::create_symlink(elsewhere, file);
    const mode_t before = ::umask(077);
    publish_file(file, "first");
    (void)::umask(before);
    CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(file)));
    CHECK(read_file(elsewhere, 100) == "kept");
    CHECK(mode_of(file) == 0644U);
    publish_file(file, "");
    CHECK(read_file(file, 100) == "");
    CHECK(entries(directory.path()) == 2);
}

TEST_CASE("file: who may read it is as asked for, also of one that is there") {
    const test::TemporaryDirectory directory;
    const auto file = directory.path() / "status.json";
    change_readers(file, {0640, ::getegid()}); // none is there
    CHECK(entries(directory.path()) == 0);
    publish_file(file, "x", {0640, ::getegid()});
    CHECK(mode_of(file) == 0640U);
    change_readers(file, {});
    CHECK(mode_of(file) == 0644U);
    if (::geteuid() != 0) return test::say_skipped("the group of a file", "only root may give it to any");
    const auto group_of = [&] {
        struct stat status {};
        REQUIRE(::stat(file.c_str(), &status) == 0);
        return status.st_gid;
    };
    change_readers(file, {0640, 1});
    CHECK(group_of() == 1);
    CHECK(mode_of(file) == 0640U);
    publish_file(file, "y", {0640, 2});
    CHECK(group_of() == 2);
    CHECK(mode_of(file) == 0640U);
}

TEST_CASE("file: what a kill left beside a file goes, and nothing else") {
    const test::TemporaryDirectory directory;
    const auto in_folder = [&](const std::string& name) { return directory.path() / name; };
    const auto file = in_folder("otk.prom");
    for (const char* const name : {".otk.prom.aZ09xY", ".otk.prom.XXXXXX"})
        std::ofstream(in_folder(name)) << "half";
    const std::vector<std::string> others = {"otk.prom",           ".otk.prom",        ".otk.prom.aZ09x",
                                             ".otk.prom.aZ09xYz",  ".otk.prom.aZ09x~", ".otk.prom.aZ09x.",
                                             "otk.prom.aZ09xY",    "xotk.prom.aZ09xY", ".otk-prom.aZ09xY",
                                             ".other.prom.aZ09xY", ".otk.prom-aZ09xY"};
    for (const std::string& name : others)
        std::ofstream(in_folder(name)) << "kept";
    std::filesystem::create_directory(in_folder(".otk.prom.folder"));
    std::filesystem::create_symlink(in_folder("otk.prom"), in_folder(".otk.prom.symbol"));
    if (::geteuid() == 0) {
        std::ofstream(in_folder(".otk.prom.others")) << "of another user";
        REQUIRE(::chown(in_folder(".otk.prom.others").c_str(), 1, 1) == 0);
    }
    remove_leftovers(file);
    for (const std::string& name : others) {
        CAPTURE(name);
        CHECK(read_file(in_folder(name), 100) == "kept");
    }
    CHECK(entries(directory.path()) == others.size() + 2 + (::geteuid() == 0 ? 1 : 0));
    remove_leftovers(directory.path() / "missing" / "otk.prom"); // no trouble of its own
}

TEST_CASE("file: the same trouble has the same text each time") {
    const test::TemporaryDirectory directory;
    const auto trouble_of = [](const std::filesystem::path& file) -> std::string {
        try {
            publish_file(file, "x");
        } catch (const Error& error) {
            return error.what();
        }
        return "none";
    };
    const auto in_the_way = directory.path() / "in-the-way";
    std::filesystem::create_directories(in_the_way / "sub");
    for (const auto& file : {in_the_way, directory.path() / "none" / "file"}) {
        const std::string trouble = trouble_of(file);
        CHECK(trouble.find(file.string()) != std::string::npos);
        CHECK(trouble == trouble_of(file));
    }
}

TEST_CASE("file: who reads the old one keeps the old one") {
    const test::TemporaryDirectory directory;
    const auto file = directory.path() / "mark";
    replace_file(file, "old", 0600, false);
    std::ifstream open_before(file);
    replace_file(file, "new", 0600, false);
    std::string content;
    open_before >> content;
    CHECK(content == "old");
    CHECK(read_file(file, 3) == "new");
}

TEST_CASE("file: a failure leaves the old content and no temporary file") {
    const test::TemporaryDirectory directory;
    const auto file = directory.path() / "in-the-way";
    std::filesystem::create_directories(file / "sub"); // a directory that rename cannot replace
    CHECK_THROWS_WITH_AS(replace_file(file, "x", 0600, true), doctest::Contains("in-the-way"), Error);
    CHECK(entries(directory.path()) == 1);
    CHECK_THROWS_AS(replace_file(directory.path() / "none" / "file", "x", 0600, true), Error);
}

TEST_CASE("file: missing is nothing, too large and unreadable are errors that name the file") {
    const test::TemporaryDirectory directory;
    const auto file = directory.path() / "large";
    CHECK_FALSE(read_file(file, 10));
    const std::string content(100'000, 'x'); // more than one read
    replace_file(file, content, 0600, false);
    CHECK(read_file(file, content.size()) == content);
    CHECK_THROWS_WITH_AS((void)read_file(file, content.size() - 1), doctest::Contains("large"), Error);
    CHECK_THROWS_AS((void)read_file(directory.path(), 10), Error);
}

TEST_CASE("file: a pipe in the file's place does not hang the reader") {
    const test::TemporaryDirectory directory;
    const auto file = directory.path() / "pipe";
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    CHECK(read_file(file, 10) == "");
}

} // namespace otk
