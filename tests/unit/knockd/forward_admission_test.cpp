#include "knockd/forward/admission.h"

#include "tests/unit/knockd/tcp.h"

#include <doctest/doctest.h>

namespace otk {

using Told = Admission::Answer;
using test::ip;

TEST_CASE("admission: a door for one address is for nobody else") {
    Admission admission({ip("203.0.113.7")}, 0);
    CHECK(admission.ask(ip("203.0.113.7")) == Told::welcome);
    CHECK(admission.ask(ip("203.0.113.8")) == Told::refused);
    CHECK(admission.ask(ip("203.0.113.7")) == Told::welcome);
}

TEST_CASE("admission: the first sources claim a door, each once, of either family") {
    Admission admission({}, 2);
    CHECK(admission.ask(ip("203.0.113.7")) == Told::claimed);
    CHECK(admission.ask(ip("203.0.113.7")) == Told::welcome);
    CHECK(admission.ask(ip("2001:db8::7")) == Told::claimed);
    CHECK(admission.ask(ip("203.0.113.8")) == Told::refused);
    CHECK(admission.ask(ip("2001:db8::7")) == Told::welcome);
}

TEST_CASE("admission: claims of an earlier life count") {
    Admission admission({ip("203.0.113.7")}, 2);
    CHECK(admission.ask(ip("203.0.113.8")) == Told::claimed);
    CHECK(admission.ask(ip("203.0.113.9")) == Told::refused);
    CHECK(admission.ask(ip("203.0.113.7")) == Told::welcome);
}

TEST_CASE("admission: a source that no door could be for claims nothing") {
    Admission admission({}, 1);
    CHECK(admission.ask(ip("127.0.0.1")) == Told::refused);
    CHECK(admission.ask(ip("::1")) == Told::refused);
    CHECK(admission.ask({}) == Told::refused);
    CHECK(admission.ask(ip("203.0.113.7")) == Told::claimed);
}

} // namespace otk
