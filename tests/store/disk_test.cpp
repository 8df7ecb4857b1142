// A full disk: a spend fails cleanly, and works again when there is room.

#include "base/fd.h"
#include "tests/store/child.h"
#include "tests/store/support.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <vector>

using namespace otk;
using namespace otk::test;

namespace {

Value value_at(Count count) { return walk(Algorithm::sha256, start_of(Algorithm::sha256, 1), count); }

void spend(Ledger& ledger, Count count) {
    const ChainId chain = chain_id(enrolment(1));
    ledger.begin();
    if (!ledger.spend(value_at(count + 1), {chain, value_at(count), count})) throw Error("spent already");
    Row row = accepted(chain, value_at(count), count);
    row.text = std::string(3000, 'x');
    ledger.append(row);
    ledger.commit();
}

// Takes all the room that there is.
void fill(const std::filesystem::path& file) {
    const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const std::vector<char> block(4096);
    while (::write(fd.get(), block.data(), block.size()) > 0) {
    }
}

void check(bool kept, const char* what) {
    if (!kept) throw Error(what);
}

// In a file system of one megabyte, which only this process sees.
void on_a_small_disk(const std::filesystem::path& folder) {
    const auto file = folder / "ledger.db";
    Ledger::create(file, ledger_id, at_second(1));
    Ledger ledger = Ledger::open(file);
    spend(ledger, 99);
    const Head head = ledger.head();
    fill(folder / "filler");
    for (int attempt = 0; attempt < 3; ++attempt) {
        std::string error;
        Count count = ledger.position(chain_id(enrolment(1)))->count;
        // What the log still has room for may be spent; then it says why not.
        while (error.empty() && count > 50)
            error = error_of([&] { spend(ledger, --count); });
        check(error.find("the disk is full") != std::string::npos, "a full disk is not named");
        check(ledger.position(chain_id(enrolment(1)))->count == count + 1,
              "a failed spend has left something");
        check(!ledger.verify({head, ledger.head()}), "the ledger is damaged");
    }
    std::filesystem::remove(folder / "filler");
    const Count stands = ledger.position(chain_id(enrolment(1)))->count;
    spend(ledger, stands - 1);
    const Head last = ledger.head();
    ledger = Ledger::open_copy(file);
    ledger = Ledger::open(file);
    check(ledger.head() == last, "what was committed after the disk was full is gone");
    check(!ledger.verify({head, last}), "the ledger is damaged after the disk was full");
}

} // namespace

TEST_CASE("a spend on a full disk fails and leaves nothing, and works again when there is room") {
    const Folder folder;
    constexpr int no_mount = 77;
    Child child([&](int) {
        if (::unshare(CLONE_NEWNS) != 0 ||
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
            ::_exit(no_mount);
        }
        on_a_small_disk(folder.path());
    });
    const auto code = child.end();
    if (code == no_mount) {
        MESSAGE("SKIPPED without the right to mount a small file system");
        return;
    }
    CHECK(code == 0);
}
