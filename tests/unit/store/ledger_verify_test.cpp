// Every kind of tampering is found, at the row where it was done.

#include "base/text.h"
#include "tests/store/support.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace otk;
using namespace otk::test;

namespace {

// A ledger of ten spent knocks (rows 2 to 11), closed; its triggers are gone, as somebody would begin who
// tampers.
struct Tampered {
    Folder folder;
    std::filesystem::path file = folder / "ledger.db";
    std::vector<Head> heads{Head{}}; // by row number

    Tampered() {
        Ledger::create(file, ledger_id, at_second(100));
        const Enrolment chain = enrolment(1);
        {
            Ledger ledger = Ledger::open(file);
            heads.push_back(ledger.head());
            for (Count count = 99; count >= 90; --count)
                spend(ledger, chain, count);
        }
        raw(file,
            "DROP TRIGGER event_never_changes; DROP TRIGGER event_stays; DROP TRIGGER event_follows; "
            "DROP TRIGGER position_only_falls; DROP TRIGGER position_stays; DROP TRIGGER meta_only_rises; "
            "DROP TRIGGER checkpoint_is_of_a_row; DELETE FROM open_command");
    }
    void spend(Ledger& ledger, const Enrolment& chain, Count count) {
        const auto at = [&](Count place) {
            return walk(chain.algorithm, start_of(chain.algorithm, 1), place);
        };
        Row row = accepted(chain_id(chain), at(count), count);
        ledger.begin();
        REQUIRE(ledger.spend(at(count + 1), {chain_id(chain), at(count), count}));
        heads.push_back(ledger.append(row));
        ledger.commit();
    }
    void prune(std::size_t rows) const {
        Ledger ledger = Ledger::open(file);
        ledger.begin();
        REQUIRE(ledger.prune(at_second(3000), rows) == rows);
        ledger.commit();
    }
    // "ROW: what", or "whole". Read without verifying the newest row, which open would refuse already.
    [[nodiscard]] std::string verdict(const std::vector<Head>& anchors = {}) const {
        std::optional<Ledger::Damage> damage;
        const std::string error = error_of([&] { damage = Ledger::open_for_reading(file).verify(anchors); });
        if (!error.empty()) return error;
        if (!damage) return "whole";
        return fmt::format("{}: {}", static_cast<std::int64_t>(damage->row), damage->what);
    }
    void sql(const std::string& text) const { raw(file, text); }
};

bool begins(const std::string& text, const std::string& with) { return text.find(with) == 0; }

} // namespace

TEST_CASE("a whole ledger verifies, with any of its heads as anchors") {
    const Tampered t;
    CHECK(t.verdict() == "whole");
    std::vector<Head> anchors = t.heads;
    std::reverse(anchors.begin(), anchors.end());
    anchors.insert(anchors.end(), t.heads.begin(), t.heads.end());
    CHECK(t.verdict(anchors) == "whole");
}

TEST_CASE("any field changed in any row is found at that row") {
    const std::pair<const char*, const char*> changes[] = {{"at", "at + 1"},
                                                           {"kind", "7"},
                                                           {"of", "1"},
                                                           {"grant", "8"},
                                                           {"chain", "x''"},
                                                           {"user", "'berta'"},
                                                           {"command", "''"},
                                                           {"count", "count + 1"},
                                                           {"jumped", "1"},
                                                           {"algorithm", "3"},
                                                           {"value", "zeroblob(16)"},
                                                           {"carrier", "1"},
                                                           {"source", "x'c0000208'"},
                                                           {"source_port", "1"},
                                                           {"named", "x'c0000207'"},
                                                           {"address", "x''"},
                                                           {"refusal", "1"},
                                                           {"outcome", "1"},
                                                           {"status", "1"},
                                                           {"duration", "1"},
                                                           {"text", "'x'"},
                                                           {"hash", "zeroblob(32)"}};
    for (const auto& change : changes) {
        const Tampered t;
        t.sql(
            fmt::format("PRAGMA ignore_check_constraints = ON; UPDATE event SET \"{}\" = {} WHERE number = 5",
                        change.first, change.second));
        CAPTURE(change.first);
        CHECK(begins(t.verdict(), "5: its hash"));
    }
}

TEST_CASE("fields that no row can have are damage and no crash") {
    for (const std::string nonsense :
         {"kind = 0", "kind = 300", "count = -1", "value = zeroblob(15)", "chain = zeroblob(3)",
          "source = zeroblob(5)", "named = x'00000000000000000000ffff01020304'", "carrier = 9",
          "source_port = 70000", "refusal = 256", "outcome = 99", "algorithm = 77", "chain = zeroblob(32)"}) {
        const Tampered t;
        t.sql(fmt::format("PRAGMA ignore_check_constraints = ON; UPDATE event SET {} WHERE number = 5",
                          nonsense));
        CAPTURE(nonsense);
        CHECK(begins(t.verdict(), "5: "));
        const Ledger ledger = Ledger::open_for_reading(t.file);
        CHECK(error_of([&] { (void)ledger.rows({}, 100); }) != ""); // reading such a row says so too
    }
}

TEST_CASE("a row removed, added or moved is found") {
    {
        const Tampered t;
        t.sql("DELETE FROM event WHERE number = 5");
        CHECK(t.verdict() == "5: the row is missing");
    }
    {
        const Tampered t;
        t.sql("DELETE FROM event WHERE number = 1");
        CHECK(t.verdict() == "1: the row is missing");
    }
    {
        const Tampered t; // removed, and the rest moved up
        t.sql("DELETE FROM event WHERE number = 5");
        for (int i = 6; i <= 11; ++i)
            t.sql(fmt::format("UPDATE event SET number = {} WHERE number = {}", i - 1, i));
        CHECK(begins(t.verdict(), "row 10") == false);
        CHECK(t.verdict() != "whole");
    }
    {
        const Tampered t; // two rows swapped, hashes and all
        t.sql("UPDATE event SET number = 50 WHERE number = 5; UPDATE event SET number = 5 WHERE number = 6; "
              "UPDATE event SET number = 6 WHERE number = 50");
        CHECK(begins(t.verdict(), "5: its hash"));
    }
    {
        const Tampered t; // a copy of the newest row as the next one
        t.sql("INSERT INTO event SELECT 12, hash, at, kind, of, \"grant\", chain, user, command, count, "
              "jumped, algorithm, "
              "value, carrier, source, source_port, named, address, refusal, outcome, status, duration, "
              "text, request "
              "FROM event "
              "WHERE number = 11");
        CHECK(t.verdict().find("row 12: its hash is not that of its fields") !=
              std::string::npos); // already on opening
    }
}

TEST_CASE("a tail cut off is whole by itself, and found by an anchor") {
    const Tampered t;
    t.sql("DELETE FROM event WHERE number >= 9");
    CHECK(t.verdict() == "whole");
    CHECK(t.verdict({t.heads[8]}) == "whole");
    CHECK(begins(t.verdict({t.heads[11]}),
                 "9: the ledger ends before it, but row 11 was written down elsewhere"));
    CHECK(begins(t.verdict({t.heads[11], t.heads[3]}), "9: the ledger ends"));
}

TEST_CASE("a ledger rewritten with fitting hashes is found by an anchor") {
    Tampered t;
    {
        // The last three rows anew, as a validator that is owned could: other user, right hashes.
        SQLite::Database database(t.file.native(), SQLite::OPEN_READWRITE);
        database.exec("DELETE FROM event WHERE number >= 9");
        database.exec("UPDATE position SET count = 93, image = zeroblob(16)");
    }
    const std::vector<Head> old = t.heads;
    {
        Ledger ledger = Ledger::open(t.file);
        for (int i = 0; i < 3; ++i) {
            Row row = accepted(chain_id(enrolment(1)), start_of(Algorithm::sha256, 77), 93);
            row.user = "mallory";
            ledger.begin();
            ledger.append(row);
            ledger.commit();
        }
    }
    CHECK(t.verdict() == "whole");
    CHECK(begins(t.verdict({old[10]}), "10: its hash is not the one that was written down elsewhere"));
    CHECK(t.verdict({old[8]}) == "whole");
}

TEST_CASE("a position put back, so that a spent knock were good again, is found") {
    {
        const Tampered t;
        t.sql("UPDATE position SET count = 95");
        CHECK(begins(t.verdict(), "7: it spent knock 94")); // the first of those that could be used again
    }
    {
        const Tampered t;
        t.sql("DELETE FROM position");
        CHECK(begins(t.verdict(), "2: it spent knock 99"));
    }
    {
        const Tampered t; // further than the rows: knocks are lost, but none is good again
        t.sql("UPDATE position SET count = 5");
        CHECK(t.verdict() == "whole");
    }
}

TEST_CASE("another id than the first row names is found") {
    const Tampered t;
    t.sql("UPDATE meta SET id = zeroblob(16)");
    CHECK(begins(t.verdict(), "1: it names another ledger"));
}

TEST_CASE("a chain moved forward by an administrator may not be put back either") {
    Tampered t;
    {
        Ledger ledger = Ledger::open(t.file);
        const Enrolment chain = enrolment(2);
        const Value value = walk(chain.algorithm, start_of(chain.algorithm, 2), 50);
        Row row = accepted(chain_id(chain), value, 50);
        row.kind = RowKind::resynced;
        row.carrier = {};
        Row in_vain; // spent nothing
        in_vain.kind = RowKind::resynced;
        in_vain.text = "it is no knock of this chain";
        ledger.begin();
        REQUIRE(ledger.spend(chain.image, {chain_id(chain), value, 50, at_second(3)}));
        ledger.append(row);
        ledger.append(in_vain);
        ledger.commit();
    }
    CHECK(t.verdict() == "whole");
    t.sql("UPDATE position SET count = 51 WHERE count = 50");
    CHECK(begins(t.verdict(), "12: it spent knock 50"));
}

TEST_CASE("a pruned ledger verifies from its checkpoint on") {
    {
        const Tampered t;
        t.prune(5);
        CHECK(t.verdict(t.heads) == "whole"); // anchors before the checkpoint are skipped
        Head other = t.heads[5];
        other.hash[0] ^= 1;
        CHECK(begins(t.verdict({other}), "5: the checkpoint is not what was written down elsewhere"));
        other = t.heads[4];
        other.hash[0] ^= 1;
        CHECK(t.verdict({other}) == "whole");
        t.sql("UPDATE meta SET id = zeroblob(16)"); // the row that named it is gone
        CHECK(t.verdict() == "whole");
    }
    {
        const Tampered t;
        t.prune(5);
        t.sql("UPDATE meta SET checkpoint_hash = randomblob(32)");
        CHECK(begins(t.verdict(), "6: its hash is not that of its fields and of the row before"));
    }
    {
        const Tampered t;
        t.prune(5);
        t.sql("UPDATE meta SET checkpoint = 4");
        CHECK(t.verdict() == "5: the row is missing");
        t.sql("UPDATE meta SET checkpoint = 6");
        CHECK(begins(t.verdict(), "6: it lies before the checkpoint"));
        t.sql("UPDATE meta SET checkpoint = 9223372036854775807");
        CHECK(begins(t.verdict(), "9223372036854775807: the checkpoint is none"));
        t.sql("PRAGMA ignore_check_constraints = ON; UPDATE meta SET checkpoint = -5");
        CHECK(begins(t.verdict(), "-5: the checkpoint is none"));
        t.sql("PRAGMA ignore_check_constraints = ON; UPDATE meta SET checkpoint_hash = x'00'");
        CHECK(t.verdict().find("it has no checkpoint") != std::string::npos);
    }
    {
        const Tampered t;
        t.prune(5);
        t.sql("DELETE FROM event WHERE number = 6");
        CHECK(t.verdict() == "6: the row is missing");
    }
    {
        const Tampered t;
        t.prune(10); // one row is left
        CHECK(t.verdict(t.heads) == "whole");
        t.sql("UPDATE meta SET checkpoint_hash = randomblob(32)"); // found on opening
        CHECK(t.verdict().find("row 11: its hash is not that of its fields") != std::string::npos);
    }
}

TEST_CASE("a checkpoint forged, with all rows after it made to fit, is found by any anchor after it") {
    for (const int anchor : {6, 8, 11}) {
        Tampered t;
        // Rows 6 to 11 as before, but built on a checkpoint of somebody's choice.
        Head forged{RowNumber{5}, {}};
        forged.hash.fill(0x66);
        const auto hex = [](const Head& head) { return fmt::format("x'{}'", to_hex(head.hash)); };
        std::vector<Row> rows;
        {
            const Ledger ledger = Ledger::open_for_reading(t.file);
            for (int number = 6; number <= 11; ++number)
                rows.push_back(*ledger.row(RowNumber{number}));
        }
        t.sql(fmt::format("DELETE FROM event WHERE number <= 5; UPDATE meta SET checkpoint = 5, "
                          "checkpoint_hash = {}",
                          hex(forged)));
        Head head = forged;
        for (const Row& row : rows) {
            head = {row.number, hash_of(head.hash, row)};
            t.sql(fmt::format("UPDATE event SET hash = {} WHERE number = {}", hex(head),
                              static_cast<std::int64_t>(row.number)));
        }
        CHECK(t.verdict() == "whole"); // by itself
        CHECK(begins(t.verdict({t.heads[static_cast<std::size_t>(anchor)]}),
                     fmt::format("{}: its hash is not the one that was written down elsewhere", anchor)));
    }
}
