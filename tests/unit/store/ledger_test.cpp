// Opening ledgers: the one writer, copies, readers, what is refused.

#include "store/ledger.h"

#include "tests/store/support.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace otk;
using namespace otk::test;

namespace {

std::filesystem::path made(const Folder& folder) {
    Ledger::create(folder / "ledger.db", ledger_id, at_second(100));
    return folder / "ledger.db";
}

Row started() {
    Row row;
    row.at = at_second(200);
    row.kind = RowKind::started;
    row.text = "first start";
    return row;
}

} // namespace

TEST_CASE("a new ledger has its id, mode 0640 and one row, and refuses to be made twice") {
    const Folder folder;
    const auto file = made(folder);
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0640);
    {
        const Ledger ledger = Ledger::open(file);
        CHECK(ledger.id() == ledger_id);
        CHECK(ledger.head().row == RowNumber{1});
        const auto row = ledger.row(RowNumber{1});
        REQUIRE(row);
        CHECK(row->kind == RowKind::created);
        CHECK(row->at == at_second(100));
        CHECK(ledger.head().hash == hash_of({}, *row));
        CHECK_FALSE(ledger.verify({}));
    }
    CHECK(error_of([&] { Ledger::create(file, ledger_id, at_second(1)); }).find("exists already") !=
          std::string::npos);
}

TEST_CASE("a missing ledger is an error that says what to do, and nothing is made") {
    const Folder folder;
    for (const auto& open : {Ledger::open, Ledger::open_copy, Ledger::open_for_reading}) {
        CHECK(error_of([&] { open(folder / "ledger.db"); }).find("there is no ") == 0);
    }
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("there is one writer, and the second is told which process it is") {
    const Folder folder;
    const auto file = made(folder);
    {
        Ledger first = Ledger::open(file);
        const std::string error = error_of([&] { Ledger::open(file); });
        CHECK(error.find(fmt::format("process {} writes {}", ::getpid(), file.native())) == 0);
        // Readers and copies are welcome, and the first goes on.
        CHECK(Ledger::open_for_reading(file).head() == first.head());
        CHECK(Ledger::open_copy(file).head() == first.head());
        Row row = started();
        first.begin();
        first.append(row);
        first.commit();
        CHECK(first.head().row == RowNumber{2});
    }
    CHECK(Ledger::open(file).head().row == RowNumber{2});
}

TEST_CASE("a copy takes everything along, and what happens to it is not kept") {
    const Folder folder;
    const auto file = made(folder);
    const Ledger original = Ledger::open(file);
    Ledger copy = Ledger::open_copy(file);
    CHECK(copy.id() == ledger_id);
    const Enrolment chain = enrolment(1);
    Row row = started();
    copy.begin();
    CHECK(copy.spend(chain.image,
                     {chain_id(chain), walk(chain.algorithm, start_of(chain.algorithm, 1), 99), 99}));
    copy.append(row);
    copy.commit();
    CHECK(copy.head().row == RowNumber{2});
    CHECK(copy.position(chain_id(chain)));
    CHECK(original.head().row == RowNumber{1});
    CHECK_FALSE(original.position(chain_id(chain)));
    CHECK(Ledger::open_copy(file).head().row == RowNumber{1});
}

TEST_CASE("a reader follows what the writer commits") {
    const Folder folder;
    const auto file = made(folder);
    Ledger writer = Ledger::open(file);
    const Ledger reader = Ledger::open_for_reading(file);
    Row row = started();
    writer.begin();
    const Head appended = writer.append(row);
    CHECK(reader.head().row == RowNumber{1});
    CHECK_FALSE(reader.contains(appended));
    writer.commit();
    CHECK(reader.head() == appended);
    CHECK(reader.contains(appended));
    CHECK(reader.row(row.number)->text == "first start");
}

TEST_CASE("a ledger contains the heads that it had, and no others") {
    const Folder folder;
    const auto file = made(folder);
    const auto old = folder / "old.db";
    Ledger ledger = Ledger::open(file);
    const Head first = ledger.head();
    Row row = started();
    ledger.begin();
    const Head second = ledger.append(row);
    ledger.commit();
    CHECK(ledger.contains({}));
    CHECK(ledger.contains(first));
    CHECK(ledger.contains(second));
    CHECK_FALSE(ledger.contains({first.row, second.hash}));
    CHECK_FALSE(ledger.contains({RowNumber{3}, second.hash}));
    CHECK_FALSE(ledger.contains({RowNumber{0}, second.hash}));
}

TEST_CASE("a ledger whose newest row was changed does not open") {
    const Folder folder;
    const auto file = made(folder);
    raw(file, "DROP TRIGGER event_never_changes; UPDATE event SET at = at + 1");
    CHECK(error_of([&] { Ledger::open(file); }).find("row 1: its hash is not that of its fields") !=
          std::string::npos);
    raw(file, "DROP TRIGGER event_stays; DELETE FROM event");
    CHECK(error_of([&] { Ledger::open(file); }).find("it has no row") != std::string::npos);
}

TEST_CASE("a policy database is no ledger") {
    const Folder folder;
    { const PolicyStore policy = PolicyStore::create(folder / "policy.db", server_id, ledger_id); }
    CHECK(error_of([&] { Ledger::open(folder / "policy.db"); }).find("is not a ledger of otk") !=
          std::string::npos);
    made(folder);
    CHECK(error_of([&] {
              PolicyStore::open_for_reading(folder / "ledger.db");
          }).find("is not a policy database of otk") != std::string::npos);
}

TEST_CASE("kinds of rows and outcomes have names") {
    CHECK(name_of(RowKind::accepted) == "accepted");
    CHECK(name_of(RowKind::started) == "started");
    CHECK(name_of(RowKind::closed) == "closed");
    CHECK(name_of(RowKind::undo) == "undo");
    CHECK(name_of(RowKind::resynced) == "resynced");
    CHECK(name_of(RowKind::not_signed) == "not signed");
    CHECK(name_of(Outcome::timed_out) == "timed out");
    CHECK(name_of(Outcome::opened) == "opened");
    CHECK(name_of(Outcome::prolonged) == "prolonged");
    CHECK(name_of(Outcome::closed) == "closed");
    CHECK(name_of(Outcome::no_syns) == "no SYNs");
    CHECK(name_of(RowKind{14}) == "unknown");
    CHECK(name_of(Outcome{11}) == "unknown");
    std::vector<std::string_view> names;
    for (int kind = 1; kind <= 12; ++kind)
        names.push_back(name_of(static_cast<RowKind>(kind)));
    for (int outcome = 0; outcome <= 9; ++outcome)
        CHECK(name_of(static_cast<Outcome>(outcome)) != "unknown");
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
    CHECK(std::find(names.begin(), names.end(), "unknown") == names.end());
}
