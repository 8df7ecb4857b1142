// A validator that dies at every point of a pruning: what remains is a ledger all the same.

#include "tests/store/child.h"
#include "tests/store/crash_vfs.h"
#include "tests/store/support.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

namespace {

constexpr Count pruned_length = 100;
constexpr Count knocks = 8;
constexpr std::size_t batch = 5;
constexpr std::size_t output_size = 9000; // on pages of its own
const Time tomorrow = at_second(100'000); // later than every row

// A ledger of knocks that have all ended, with an output each; closed. Returns the heads of its rows, by
// number.
std::vector<Head> make(const std::filesystem::path& file) {
    const Enrolment chain = enrolment(1, pruned_length);
    Ledger::create(file, ledger_id, at_second(1));
    Ledger ledger = Ledger::open(file);
    std::vector<Head> heads{Head{}, ledger.head()};
    const std::vector<std::uint8_t> output(output_size, 'x');
    for (Count count = pruned_length - 1; count >= pruned_length - knocks; --count) {
        const Value before = walk(chain.algorithm, start_of(chain.algorithm, 1), count + 1);
        const Value value = walk(chain.algorithm, start_of(chain.algorithm, 1), count);
        Row row = accepted(chain_id(chain), value, count);
        ledger.begin();
        if (!ledger.spend(before, {chain_id(chain), value, count, row.at})) throw Error("spent already");
        heads.push_back(ledger.append(row));
        Row end;
        end.kind = RowKind::ended;
        end.of = row.number;
        end.outcome = Outcome::exited;
        heads.push_back(ledger.append(end));
        ledger.keep_output(end.number, output, false);
        ledger.commit();
    }
    return heads;
}

// First one old output, then all rows but the newest, one transaction for each batch.
void prune(const std::filesystem::path& file, int out) {
    Ledger ledger = Ledger::open(file);
    ledger.begin();
    ledger.prune_output(tomorrow, 1);
    ledger.commit();
    for (std::size_t pruned = batch; pruned == batch;) {
        ledger.begin();
        pruned = ledger.prune(tomorrow, batch);
        ledger.commit();
        report(out, ledger.checkpoint());
    }
}

void check_after(const std::filesystem::path& file, const std::vector<Head>& heads,
                 const std::vector<Head>& reported) {
    Ledger ledger = Ledger::open(file);
    const auto damage = ledger.verify(heads);
    CHECK_MESSAGE(!damage, (damage ? damage->what : ""));
    CHECK(std::all_of(heads.begin(), heads.end(), [&](const Head& head) { return ledger.contains(head); }));

    // Whole batches went, and at most one that did not get to speak.
    const Head checkpoint = ledger.checkpoint();
    const std::size_t gone = static_cast<std::size_t>(checkpoint.row);
    const std::size_t said = reported.empty() ? 0 : static_cast<std::size_t>(reported.back().row);
    CHECK(checkpoint == heads[gone]);
    CHECK((gone == said || gone == std::min(said + batch, heads.size() - 2)));
    const std::vector<Row> rows = ledger.rows({}, SIZE_MAX); // newest first
    REQUIRE(rows.size() == heads.size() - 1 - gone);
    CHECK(rows.back().number == RowNumber{static_cast<std::int64_t>(gone + 1)});
    // Each end that is left has its output, whole, but for the one that went by itself (of row 3).
    for (const Row& row : rows) {
        const auto output = ledger.output(row.number);
        if (row.kind == RowKind::ended && row.number != RowNumber{3}) {
            REQUIRE(output);
            CHECK(output->bytes == std::vector<std::uint8_t>(output_size, 'x'));
        }
    }
    const ChainId chain = chain_id(enrolment(1, pruned_length));
    REQUIRE(ledger.position(chain));
    CHECK(ledger.position(chain)->count == pruned_length - knocks);

    // And life goes on: the rest can be pruned, and rows added.
    Row row;
    row.kind = RowKind::started;
    ledger.begin();
    const Head added = ledger.append(row);
    CHECK(ledger.prune(tomorrow, SIZE_MAX) == rows.size());
    ledger.commit();
    CHECK(ledger.checkpoint() == heads.back());
    CHECK_FALSE(ledger.verify({heads.back(), added}));
    SQLite::Database database(file.native(), SQLite::OPEN_READONLY);
    CHECK(database.execAndGet("SELECT count(*) FROM output").getInt() == 0);
    CHECK(database.execAndGet("PRAGMA integrity_check").getString() == "ok");
}

long crash_while_pruning(Crash how) {
    const Folder folder;
    const auto whole = folder / "whole.db";
    const std::vector<Head> heads = make(whole);
    for (long at = 1;; ++at) {
        const Folder work;
        const auto file = work / "ledger.db";
        std::filesystem::copy_file(whole, file); // closed: all is in the one file
        Child child([&](int out) {
            crash_at(at, how);
            prune(file, out);
        });
        const auto reported = reports<Head>(child.rest());
        const auto code = child.end();
        CAPTURE(at);
        REQUIRE((!code || *code == 0));
        check_after(file, heads, reported);
        if (code) {
            CHECK(reported.back() == heads[heads.size() - 2]);
            return at - 1;
        }
    }
}

} // namespace

TEST_CASE("a validator killed at any point of a pruning leaves a whole ledger") {
    CHECK(crash_while_pruning(Crash::killed) > 50);
}

TEST_CASE("likewise with the last write cut in half, while it prunes") {
    CHECK(crash_while_pruning(Crash::torn) > 50);
}

TEST_CASE("likewise when the power fails and everything that was not synced is lost, while it prunes") {
    CHECK(crash_while_pruning(Crash::power_cut) > 50);
}

TEST_CASE("likewise when the power fails and some of what was not synced is lost, while it prunes") {
    CHECK(crash_while_pruning(Crash::reordered) > 50);
}
