#include "store/outcome_text.h"

#include <cerrno>
#include <cstring>

#include <doctest/doctest.h>

using namespace otk;
using namespace std::chrono_literals;

TEST_CASE("every outcome has words of its own") {
    CHECK(how_it_ended({Outcome::exited, Refusal::none, 3, 12ms, ""}) == "exit 3 in 12 ms");
    CHECK(how_it_ended({Outcome::killed, Refusal::none, 9, 12ms, ""}) == "killed by signal 9 after 12 ms");
    CHECK(how_it_ended({Outcome::timed_out, Refusal::none, 0, 30s, ""}) ==
          "ended by its time limit after 30000 ms");
    CHECK(how_it_ended({Outcome::interrupted, Refusal::none, 0, 0ms, ""}) == "interrupted");
    CHECK(how_it_ended({Outcome::interrupted, Refusal::none, 0, 0ms, "knockd was ending"}) ==
          "interrupted: knockd was ending");
    CHECK(how_it_ended({Outcome::opened, Refusal::none, 0, 0ms, "22/tcp for 192.0.2.7/32 for 60 s"}) ==
          "opened 22/tcp for 192.0.2.7/32 for 60 s");
    CHECK(how_it_ended({Outcome::prolonged, Refusal::none, 0, 0ms, "undo for - for 60 s"}) ==
          "prolonged undo for - for 60 s");
    CHECK(how_it_ended({Outcome::closed, Refusal::none, 0, 0ms, ""}) == "there was nothing to close");
    CHECK(how_it_ended({Outcome::closed, Refusal::none, 1, 0ms, ""}) == "closed 1 door");
    CHECK(how_it_ended({Outcome::closed, Refusal::none, 2, 0ms, ""}) == "closed 2 doors");
}

TEST_CASE("an error of the system is said only where there was one") {
    CHECK(how_it_ended({Outcome::not_started, Refusal::none, 0, 0ms, "too many doors are open"}) ==
          "not started: too many doors are open");
    CHECK(how_it_ended({Outcome::not_started, Refusal::none, EPERM, 0ms, "setgid"}) ==
          std::string("not started: setgid: ") + std::strerror(EPERM));
}

TEST_CASE("a refusal is said with what the monitor added") {
    CHECK(how_it_ended({Outcome::refused, Refusal::expired, 0, 0ms, ""}) ==
          "refused: " + std::string(name_of(Refusal::expired)));
    CHECK(how_it_ended({Outcome::refused, Refusal::outside_hours, 0, 0ms, "Sat 17:30 CET"}) ==
          "refused: " + std::string(name_of(Refusal::outside_hours)) + ": Sat 17:30 CET");
}

TEST_CASE("no text can forge a line or move a cursor") {
    const std::string text =
        how_it_ended({Outcome::opened, Refusal::none, 0, 0ms, "a\nknockd: accepted \033[2J"});
    CHECK(text.find('\n') == std::string::npos);
    CHECK(text.find('\033') == std::string::npos);
}

TEST_CASE("a row of kind interrupted needs no outcome") {
    Row row;
    row.kind = RowKind::interrupted;
    CHECK(how_it_ended(row) == "interrupted");
    row.kind = RowKind::ended;
    row.outcome = Outcome::exited;
    row.duration = 5ms;
    CHECK(how_it_ended(row) == "exit 0 in 5 ms");
}
