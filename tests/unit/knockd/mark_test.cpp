// The monitor's own memory of how far the ledger was (DESIGN 8).

#include "base/text.h"
#include "knockd/monitor/mark.h"
#include "sys/file.h"
#include "tests/unit/knockd/full_journal.h"
#include "tests/unit/sys/helpers.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace otk;
using namespace otk::test;

namespace {

Head head(std::int64_t row) {
    Head made;
    made.row = RowNumber{row};
    for (std::size_t i = 0; i < made.hash.size(); ++i)
        made.hash[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(row) + i);
    return made;
}

struct MarkFile {
    TemporaryDirectory directory;
    std::filesystem::path file = directory.path() / "mark";
    void write(std::string_view text) const { std::ofstream(file) << text; }
    [[nodiscard]] std::string trouble() const {
        try {
            const Mark mark(file);
            return {};
        } catch (const Error& error) {
            return error.what();
        }
    }
};

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a mark comes back as it was written") {
    MarkFile f;
    {
        Mark mark(f.file);
        CHECK_FALSE(mark.head());
        mark.note(head(7));
        CHECK(mark.head() == head(7));
        CHECK_FALSE(std::filesystem::exists(f.file)); // only flush writes
        mark.flush();
    }
    CHECK(Mark(f.file).head() == head(7));
    struct stat status {};
    REQUIRE(::stat(f.file.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    Mark mark(f.file);
    mark.note(head(INT64_MAX));
    mark.flush();
    CHECK(Mark(f.file).head() == head(INT64_MAX));
}

TEST_CASE("a mark never goes back") {
    MarkFile f;
    Mark mark(f.file);
    mark.note(head(9));
    Head other = head(9);
    other.hash[0] ^= 1;
    for (const Head& older : {head(8), head(1), head(0), head(-1), other, Head{}}) {
        mark.note(older);
        CHECK(mark.head() == head(9));
    }
    mark.flush();
    Mark again(f.file);
    again.note(head(3));
    again.flush();
    CHECK(Mark(f.file).head() == head(9));
}

TEST_CASE("nothing is written when nothing is new") {
    MarkFile f;
    Mark mark(f.file);
    mark.flush();
    CHECK_FALSE(std::filesystem::exists(f.file));
    mark.note(head(5));
    mark.flush();
    std::filesystem::remove(f.file);
    mark.note(head(4));
    mark.flush();
    CHECK_FALSE(std::filesystem::exists(f.file));
    mark.note(head(6));
    mark.flush();
    CHECK(Mark(f.file).head() == head(6));
}

TEST_CASE("a write that fails is tried again") {
    MarkFile f;
    const auto folder = f.directory.path() / "later";
    Mark mark(folder / "mark");
    mark.note(head(5));
    mark.flush(); // told in the journal
    CHECK_FALSE(std::filesystem::exists(folder / "mark"));
    std::filesystem::create_directory(folder);
    mark.flush();
    CHECK(Mark(folder / "mark").head() == head(5));
}

TEST_CASE("an anchor that the journal had no room for is said again until it was taken") {
    MarkFile f;
    // In a child, because a line that waits for ever would hang the test.
    const int status = status_of([&] {
        alarm(60);
        const FullJournal journal;
        Mark mark(f.file);
        const auto anchors_of = [&] {
            mark.flush();
            return journal.read_all();
        };
        mark.note(head(5));
        mark.flush();
        require_in_child(Mark(f.file).head() == head(5), "is not written");
        std::filesystem::remove(f.file);
        require_in_child(!contains(journal.read_all(), "ledger anchor"), "there was room");

        const std::string repeated = anchors_of();
        require_in_child(contains(repeated, "ledger anchor: row 5 hash " + to_hex(head(5).hash) + "\n"),
                         "is not repeated");
        require_in_child(!std::filesystem::exists(f.file), "is written again though nothing is new");
        require_in_child(anchors_of().empty(), "is repeated though it was taken");

        journal.fill();
        mark.note(head(6));
        mark.flush();
        mark.note(head(7)); // covers the one before it
        mark.flush();
        require_in_child(!contains(journal.read_all(), "ledger anchor"), "there was room");
        const std::string newest = anchors_of();
        require_in_child(contains(newest, "ledger anchor: row 7 ") && !contains(newest, "row 6"),
                         "the newest is not said");
    });
    CHECK(succeeded(status));
}

TEST_CASE("a damaged mark is an error that names the file and what to do") {
    const std::string hash(64, 'a');
    for (const std::string& text :
         {std::string(), std::string("\n"), std::string("otk-mark-1\n"),
          "otk-mark-1 5 " + hash, // no line end
          "otk-mark-2 5 " + hash + "\n", "otk-mark-1 -5 " + hash + "\n", "otk-mark-1 05 " + hash + "\n",
          "otk-mark-1 9223372036854775808 " + hash + "\n", "otk-mark-1 5 " + hash.substr(2) + "\n",
          "otk-mark-1 5 " + hash + "aa\n", "otk-mark-1 5 " + hash.substr(2) + "xx\n",
          "otk-mark-1  5 " + hash + "\n", "otk-mark-1 5 " + hash + " \n", std::string(10'000, 'x'),
          "otk-mark-1 5 " + hash + "\n\n"}) {
        CAPTURE(text);
        MarkFile f;
        f.write(text);
        CHECK(f.trouble().find(f.file.string()) != std::string::npos);
    }
    MarkFile whole;
    whole.write("otk-mark-1 5 " + hash + "\n");
    CHECK(whole.trouble().empty());
    MarkFile damaged;
    damaged.write("otk-mark-1 5\n");
    CHECK(damaged.trouble().find("knockmgr restore") != std::string::npos);
}

TEST_CASE("a mark that is cut at any byte is not taken for another one") {
    MarkFile f;
    {
        Mark mark(f.file);
        mark.note(head(123456));
        mark.flush();
    }
    const std::string whole = *read_file(f.file, 4096);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        f.write(whole.substr(0, size));
        CHECK_FALSE(f.trouble().empty());
    }
}
