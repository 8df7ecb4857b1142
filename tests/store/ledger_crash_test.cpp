// A validator that dies at every point of its work, and what the next one finds.

#include "tests/store/child.h"
#include "tests/store/crash_vfs.h"
#include "tests/store/support.h"

#include <algorithm>
#include <csignal>

#include <doctest/doctest.h>

#include <algorithm>

using namespace otk;
using namespace otk::test;

namespace {

constexpr Count length = 100;
constexpr Count transactions = 4;
constexpr int chains = 2;

ChainId id_of(int chain) { return chain_id(enrolment(static_cast<std::uint64_t>(chain), length)); }
Value value_at(int chain, Count count) {
    return walk(Algorithm::sha256, start_of(Algorithm::sha256, static_cast<std::uint64_t>(chain)), count);
}

// Said after a commit has returned: from here on knockd acts.
struct Committed {
    Count count = 0; // of the knock that each chain spent
    Head head;
};

Address door_address() { return *Address::parse("192.0.2.7"); }
// Of the hold that knock `count` begins or prolongs.
Time deadline_at(Count count) { return at_second(3000 + length - count); }

// Spends knock `count` of every chain, in the transaction that is open. The first chain's begins a hold, or
// prolongs it, and is counted.
Head spend_all(Ledger& ledger, Count count) {
    Head head;
    for (int chain = 0; chain < chains; ++chain) {
        if (!ledger.spend(value_at(chain, count + 1), {id_of(chain), value_at(chain, count), count})) {
            throw Error("a knock that was never used is spent");
        }
        Row row = accepted(id_of(chain), value_at(chain, count), count);
        head = ledger.append(row);
        if (chain != 0) continue;
        ledger.hold({row.number, row.grant, door_address(), 0, deadline_at(count)});
        ledger.admit(row.grant, row.at);
    }
    return head;
}

// The hold of row `of` is over, and its undo is to run.
Head begin_undo(Ledger& ledger, RowNumber of) {
    if (!ledger.release(of)) throw Error("there is no such hold");
    Row undo;
    undo.kind = RowKind::undo;
    undo.of = of;
    return ledger.append(undo);
}

// What the validator does: some transactions, each of knocks of both chains, with an end and its output, with
// a hold that ends; then closes.
void validator(const std::filesystem::path& file, int out) {
    Ledger ledger = Ledger::open(file);
    for (Count i = 1; i <= transactions; ++i) {
        const Count count = length - i;
        ledger.begin();
        Head head = spend_all(ledger, count);
        if (i == 2) {
            Row end;
            end.kind = RowKind::ended;
            end.of = RowNumber{2};
            end.outcome = Outcome::exited;
            head = ledger.append(end);
            const std::vector<std::uint8_t> output(20'000, 'x');
            ledger.keep_output(end.number, output, false);
        }
        if (i == 3) head = begin_undo(ledger, RowNumber{2});
        ledger.note_request(i);
        ledger.commit();
        report(out, Committed{count, head});
    }
}

// The holds after so many transactions of the validator: a hold is there exactly as long as its knock's row
// is and the row of its undo is not.
std::vector<Hold> holds_after(Count done) {
    if (done == 0 || done == 3) return {};
    const RowNumber row{done < 3 ? 2 : 10}; // 1 created, 2 to 5 knocks, 6 end, 7 and 8 knocks, 9 undo
    return {{row, GrantId{7}, door_address(), 0, deadline_at(length - done)}};
}

// What must hold after any crash, given what was reported before it.
void check_after(const std::filesystem::path& file, const std::vector<Committed>& reported) {
    Ledger ledger = Ledger::open(file);
    std::vector<Head> anchors;
    for (const Committed& committed : reported)
        anchors.push_back(committed.head);
    const auto damage = ledger.verify(anchors);
    CHECK_MESSAGE(!damage, (damage ? damage->what : ""));
    for (const Head& anchor : anchors)
        CHECK(ledger.contains(anchor));

    // Position and rows agree, and both chains stand alike: no transaction is half there.
    const Count said = reported.empty() ? length : reported.back().count;
    const auto first = ledger.position(id_of(0));
    const Count stands = first ? first->count : length;
    CHECK(stands <= said);     // what was committed is spent
    CHECK(stands + 1 >= said); // at most the commit that did not get to speak is there beyond it
    const auto rows = ledger.rows({.kind = RowKind::accepted}, SIZE_MAX);
    CHECK(rows.size() == (length - stands) * chains);
    CHECK(ledger.rows({.kind = RowKind::ended}, SIZE_MAX).size() == (length - stands >= 2 ? 1 : 0));
    CHECK(ledger.rows({.kind = RowKind::undo}, SIZE_MAX).size() == (length - stands >= 3 ? 1 : 0));
    CHECK(ledger.open_commands().size() ==
          rows.size() - (length - stands >= 2 ? 1 : 0) + (length - stands >= 3 ? 1 : 0));
    CHECK(ledger.holds() == holds_after(length - stands));
    CHECK(ledger.admitted(GrantId{7}, at_second(2000)).in_last_hour == length - stands);
    CHECK(ledger.last_request() == length - stands);
    for (int chain = 0; chain < chains; ++chain) {
        const auto position = ledger.position(id_of(chain));
        REQUIRE((position ? position->count : length) == stands);
        if (position) CHECK(position->image == value_at(chain, stands));
        for (Count count = length - 1; count >= said && count > 0; --count) {
            // None of those that were acted upon is good again, from wherever somebody believes the chain to
            // be.
            for (const Count from : {length, count + 1, stands}) {
                ledger.begin();
                CHECK_FALSE(
                    ledger.spend(value_at(chain, from), {id_of(chain), value_at(chain, count), count}));
                ledger.roll_back();
            }
        }
    }
    // And life goes on.
    ledger.begin();
    const Head head = spend_all(ledger, stands - 1);
    ledger.commit();
    CHECK(ledger.head() == head);
    CHECK_FALSE(ledger.verify(anchors));
}

// Runs the validator with a crash at every point in turn, until there is none left. Returns how many there
// were.
long crash_everywhere(Crash how) {
    for (long at = 1;; ++at) {
        const Folder folder;
        const auto file = folder / "ledger.db";
        Ledger::create(file, ledger_id, at_second(1));
        Child child([&](int out) {
            crash_at(at, how);
            validator(file, out);
        });
        const auto reported = reports<Committed>(child.rest());
        const auto code = child.end();
        CAPTURE(at);
        REQUIRE((!code || *code == 0));
        check_after(file, reported);
        if (code) {
            CHECK(reported.size() == transactions);
            return at - 1;
        }
    }
}

} // namespace

TEST_CASE("a validator killed at any point loses at most the transaction in progress") {
    CHECK(crash_everywhere(Crash::killed) > 50);
}

TEST_CASE("likewise with the last write cut in half") { CHECK(crash_everywhere(Crash::torn) > 50); }

TEST_CASE("likewise when the power fails and everything that was not synced is lost") {
    CHECK(crash_everywhere(Crash::power_cut) > 50);
}

TEST_CASE("likewise when the power fails and some of what was not synced is lost") {
    CHECK(crash_everywhere(Crash::reordered) > 50);
}

TEST_CASE(
    "a validator that dies while it recovers from a crash leaves a ledger that the next one can recover") {
    // The first dies after its third commit, with everything still in the write-ahead log.
    const auto first_life = [](const std::filesystem::path& file) {
        Child child([&](int out) {
            Ledger ledger = Ledger::open(file);
            for (Count i = 1; i <= 3; ++i) {
                ledger.begin();
                const Head head = spend_all(ledger, length - i);
                ledger.commit();
                report(out, Committed{length - i, head});
            }
            (void)std::raise(SIGKILL);
        });
        auto reported = reports<Committed>(child.rest());
        REQUIRE_FALSE(child.end());
        REQUIRE(reported.size() == 3);
        return reported;
    };
    for (const Crash how : {Crash::killed, Crash::torn, Crash::power_cut}) {
        for (long at = 1;; ++at) {
            const Folder folder;
            const auto file = folder / "ledger.db";
            Ledger::create(file, ledger_id, at_second(1));
            const auto reported = first_life(file);
            Child child([&](int) {
                crash_at(at, how);
                const Ledger ledger = Ledger::open(file);
            });
            const auto code = child.end();
            CAPTURE(at);
            REQUIRE((!code || *code == 0));
            const Ledger ledger = Ledger::open(file);
            CHECK(ledger.head() == reported.back().head);
            CHECK_FALSE(ledger.verify({reported.back().head}));
            CHECK(ledger.position(id_of(1))->count == length - 3);
            if (code) break;
        }
    }
}

TEST_CASE("a ledger whose making is cut off is not there at all, or complete") {
    for (const Crash how : {Crash::killed, Crash::torn, Crash::power_cut}) {
        for (long at = 1;; ++at) {
            const Folder folder;
            const auto file = folder / "ledger.db";
            Child child([&](int) {
                crash_at(at, how);
                Ledger::create(file, ledger_id, at_second(1));
            });
            const auto code = child.end();
            CAPTURE(at);
            REQUIRE((!code || *code == 0));
            if (!std::filesystem::exists(file)) Ledger::create(file, ledger_id, at_second(1));
            const Ledger ledger = Ledger::open(file);
            CHECK(ledger.id() == ledger_id);
            CHECK_FALSE(ledger.verify({}));
            if (code) break;
        }
    }
}

TEST_CASE("an old copy of the ledger put back does not contain the mark") {
    const Folder folder;
    const auto file = folder / "ledger.db";
    Ledger::create(file, ledger_id, at_second(1));
    const auto run = [&](Count count, std::string_view user) {
        Ledger ledger = Ledger::open(file);
        Row row = accepted(id_of(0), value_at(0, count), count);
        row.user = user;
        ledger.begin();
        REQUIRE(ledger.spend(value_at(0, count + 1), {id_of(0), value_at(0, count), count}));
        const Head head = ledger.append(row);
        ledger.commit();
        return head;
    };
    const Head before = run(99, "anna");
    std::filesystem::copy_file(file, folder / "backup.db"); // closed: all is in the one file
    const Head mark = run(98, "anna");
    CHECK(Ledger::open_for_reading(file).contains(mark));
    std::filesystem::rename(folder / "backup.db", file);
    {
        const Ledger old = Ledger::open(file);
        CHECK(old.contains(before));
        CHECK_FALSE(old.contains(mark));
        const auto damage = old.verify({before, mark});
        REQUIRE(damage);
        CHECK(damage->row == mark.row);
    }
    // Nor does it once as many rows have come again: they are others.
    CHECK(run(98, "berta").row == mark.row);
    CHECK_FALSE(Ledger::open_for_reading(file).contains(mark));
}
