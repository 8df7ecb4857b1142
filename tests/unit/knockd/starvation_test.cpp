// What dynamic requests cost validate when somebody sends them to keep it busy (DESIGN 6).

#include "tests/unit/knockd/dynamic_world.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

TEST_CASE_FIXTURE(DynamicWorld,
                  "requests with wrong values cost no exchange, with a true one eight at most") {
    const Member anna = member("anna");
    const DynamicClient hers = client(anna, 99);
    const RequestBytes right(hers.request().begin(), hers.request().end());
    std::vector<RequestBytes> wrong;
    const auto random = counting_random(77);
    for (int i = 0; i < 1000; ++i) { // an owned capture hands on everything
        RequestBytes bytes = right;
        random(MutableBytes(bytes).first(16));
        wrong.push_back(bytes);
    }
    Outbox out = take_all(w, wrong);
    CHECK(out.requests.empty());
    CHECK(w.counters().stale == 1000);
    CHECK(w.counters().exchanges == 0);
    CHECK(w.counters().signature_checks == 0);

    wrong.assign(20, right);
    for (std::size_t i = 0; i < wrong.size(); ++i)
        wrong[i][60] = static_cast<std::uint8_t>(wrong[i][60] ^ (i + 1));
    out = take_all(w, wrong);
    CHECK(out.requests.empty());
    CHECK(w.counters().exchanges == 8);
    CHECK(w.counters().signature_checks == 0); // the box opened for none of them
}
