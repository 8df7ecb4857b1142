// The two small files of the monitor.

#include "store/mark.h"

#include "tests/store/support.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

TEST_CASE("a mark is read as it was written, and nothing else is one") {
    Head head{RowNumber{1234}, {}};
    head.hash.fill(0xab);
    const std::string hash(64, 'a');
    const std::string text = format_mark(head);
    CHECK(text.find("otk-mark-1 1234 abab") == 0);
    CHECK(parse_mark(text) == head);
    for (const std::string& bad :
         {std::string(), std::string("\n"), "otk-mark-1 1 " + hash, "otk-mark-2 1 " + hash + "\n",
          "otk-mark-1 1 " + hash + " \n", "otk-mark-1 -1 " + hash + "\n", "otk-mark-1  " + hash + "\n",
          "otk-mark-1 9223372036854775808 " + hash + "\n", "otk-mark-1 1 aa" + hash + "\n",
          "otk-mark-1 1\n" + std::string("\n"), "otk-mark-1 1 " + hash + "\n\n"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_mark(bad));
    }
}

TEST_CASE("the undos that were started are one line with their rows") {
    using Rows = std::set<RowNumber>;
    CHECK(format_started_undos({}) == "otk-undo-1\n");
    CHECK(format_started_undos({RowNumber{42}, RowNumber{7}}) == "otk-undo-1 7 42\n");
    for (const Rows& rows : {Rows{}, Rows{RowNumber{1}}, Rows{RowNumber{3}, RowNumber{INT64_MAX}}})
        CHECK(parse_started_undos(format_started_undos(rows)) == rows);
    for (const std::string_view bad :
         {"", "\n", "otk-undo-1 42", "otk-undo-1 \n", "otk-undo-1 42 \n", "otk-undo-1 042\n",
          "otk-undo-1 -1\n", "otk-undo-1 0\n", "otk-undo-1 4 2\n", "otk-undo-1 2 2\n", "otk-mark-1 42\n",
          "otk-undo-1 9223372036854775808\n", "otk-undo-1 42\n\n"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_started_undos(bad).has_value());
    }
}
