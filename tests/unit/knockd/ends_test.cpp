// How commands ended, on its way into the ledger.

#include "knockd/validate/ends.h"
#include "tests/unit/knockd/world.h"
#include "tests/unit/sys/helpers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>

using namespace otk;
using namespace otk::test;

namespace {

struct Ending {
    World w;
    Member anna = w.add("anna", "open");
    otk::Ends ends;
    Count next = 100;
    // An accepted knock: the row of a command that runs.
    RowNumber begin() { return w.take({w.hit(anna, --next)}).acts.at(0).row.row; }
    std::vector<message::Stored> store() { return ends.store(*w.ledger, w.now); }
};

message::Done done(RowNumber row, std::uint32_t output_size = 0) {
    message::Done done;
    done.row = row;
    done.outcome = Outcome::exited;
    done.status = 3;
    done.duration_ms = 1234;
    done.output_size = output_size;
    done.text = message::Text<128>::of("words");
    return done;
}

message::Output piece(RowNumber row, Bytes bytes) {
    message::Output output;
    output.row = row;
    output.size = static_cast<std::uint32_t>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), output.bytes.begin());
    return output;
}

std::vector<std::uint8_t> pattern(std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
    return bytes;
}

void send(otk::Ends& ends, RowNumber row, const std::vector<std::uint8_t>& output) {
    ends.take(done(row, static_cast<std::uint32_t>(output.size())));
    for (std::size_t at = 0; at < output.size(); at += 4096)
        ends.take(piece(row, Bytes(output).subspan(at, std::min<std::size_t>(4096, output.size() - at))));
}

} // namespace

TEST_CASE("an end without output becomes a row and is acknowledged once") {
    Ending e;
    const RowNumber row = e.begin();
    e.ends.take(done(row));
    const auto stored = e.store();
    REQUIRE(stored.size() == 1);
    CHECK(stored[0].row == row);
    CHECK(stored[0].head == e.w.ledger->head());
    const auto rows = e.w.rows(RowKind::ended);
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].number == stored[0].head.row);
    CHECK(rows[0].of == row);
    CHECK(rows[0].outcome == Outcome::exited);
    CHECK(rows[0].status == 3);
    CHECK(rows[0].duration == std::chrono::milliseconds{1234});
    CHECK(rows[0].text == "words");
    CHECK(rows[0].user == "anna");
    CHECK(rows[0].command == "open");
    CHECK(rows[0].count == 99);
    CHECK(rows[0].grant == e.anna.grant);
    CHECK_FALSE(e.w.ledger->output(rows[0].number));
    CHECK(e.w.ledger->open_commands().empty());
    CHECK(e.store().empty());
}

TEST_CASE("an interrupted command has a kind of row of its own") {
    Ending e;
    message::Done interrupted = done(e.begin());
    interrupted.outcome = Outcome::interrupted;
    e.ends.take(interrupted);
    CHECK(e.store().size() == 1);
    CHECK(e.w.rows(RowKind::ended).empty());
    CHECK(e.w.rows(RowKind::interrupted).size() == 1);
}

TEST_CASE("output comes in pieces and is stored only when all of it is there") {
    for (const std::size_t size :
         {std::size_t{1}, std::size_t{4096}, std::size_t{4097}, std::size_t{65'536}}) {
        CAPTURE(size);
        Ending e;
        const RowNumber row = e.begin();
        const auto output = pattern(size);
        message::Done announced = done(row, static_cast<std::uint32_t>(size));
        announced.output_truncated = true;
        e.ends.take(announced);
        for (std::size_t at = 0; at < size; at += 4096) {
            CHECK(e.store().empty());
            e.ends.take(piece(row, Bytes(output).subspan(at, std::min<std::size_t>(4096, size - at))));
        }
        const auto stored = e.store();
        REQUIRE(stored.size() == 1);
        const auto kept = e.w.ledger->output(stored[0].head.row);
        REQUIRE(kept);
        CHECK(kept->bytes == output);
        CHECK(kept->truncated);
    }
}

TEST_CASE("several ends share one transaction, and what is incomplete waits") {
    Ending e;
    const RowNumber first = e.begin();
    const RowNumber second = e.begin();
    const RowNumber third = e.begin();
    const auto output = pattern(100);
    e.ends.take(done(first));
    e.ends.take(done(second, 100));
    send(e.ends, third, pattern(5000));
    CHECK(e.store().size() == 2);
    e.ends.take(piece(second, output));
    const auto stored = e.store();
    REQUIRE(stored.size() == 1);
    CHECK(stored[0].row == second);
    CHECK(e.w.ledger->open_commands().empty());
    CHECK_FALSE(e.w.ledger->verify({}));
}

TEST_CASE("a Done that comes again before it was stored begins anew") {
    Ending e;
    const RowNumber row = e.begin();
    const auto output = pattern(9000);
    e.ends.take(done(row, 9000));
    e.ends.take(piece(row, Bytes(output).first(4096)));
    send(e.ends, row, output); // the monitor repeats all of it
    const auto stored = e.store();
    REQUIRE(stored.size() == 1);
    CHECK(e.w.ledger->output(stored[0].head.row)->bytes == output);
    CHECK(e.w.rows(RowKind::ended).size() == 1);
}

// The monitor repeats a Done until it hears Stored, and the two can cross: asked at a restart about a command
// that ended in that moment it sends the end twice.
TEST_CASE("a Done that comes again after it was stored is acknowledged and harms no other end") {
    Ending e;
    const RowNumber row = e.begin();
    const RowNumber other = e.begin();
    e.ends.take(done(row));
    REQUIRE(e.store().size() == 1);
    e.ends.take(done(row));
    e.ends.take(done(other));
    std::vector<message::Stored> stored;
    CHECK_NOTHROW(stored = e.store());
    const auto has = [&stored](RowNumber wanted) {
        return std::any_of(stored.begin(), stored.end(),
                           [&](const auto& each) { return each.row == wanted; });
    };
    CHECK(has(row));
    CHECK(has(other));
    CHECK(e.w.rows(RowKind::ended).size() == 2); // one for each
    CHECK(e.w.ledger->open_commands().empty());
}

TEST_CASE("a monitor that breaks its contract ends the process") {
    const auto dies = [](const std::function<void(otk::Ends&)>& body) {
        return killed_by(status_of([&] {
                             otk::Ends ends;
                             body(ends);
                         }),
                         SIGABRT);
    };
    const RowNumber row{5};
    CHECK(dies([&](otk::Ends& ends) { ends.take(done(row, message::largest_output + 1)); }));
    CHECK(dies([&](otk::Ends& ends) { ends.take(piece(row, pattern(1))); })); // of no Done
    CHECK(dies([&](otk::Ends& ends) {
        ends.take(done(row, 10));
        ends.take(piece(row, pattern(11)));
    }));
    CHECK(dies([&](otk::Ends& ends) {
        ends.take(done(row, 10));
        message::Output output = piece(row, pattern(10));
        output.size = 4097;
        ends.take(output);
    }));
    CHECK_FALSE(dies([&](otk::Ends& ends) {
        ends.take(done(row, 10));
        ends.take(piece(row, pattern(10)));
    }));
}
