#include "base/text.h"
#include "net/request_shape.h"

#include <doctest/doctest.h>

using namespace otk;

TEST_CASE("arguments: UTF-8 in its shortest form, no control characters, 256 bytes") {
    for (const std::string good :
         {"", "a b", "-", "~", "Grüße", "\xc2\xa0", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
          "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        CAPTURE(to_hex(as_bytes(good)));
        CHECK(valid_argument(good));
    }
    CHECK(valid_argument(std::string(256, 'a')));
    CHECK_FALSE(valid_argument(std::string(257, 'a')));
    CHECK_FALSE(valid_argument(std::string(1, '\0')));
    for (const std::string bad : {"\x01",
                                  "\x1f",
                                  "\t",
                                  "\n",
                                  "\x7f",
                                  "\xc2\x80",
                                  "\xc2\x9f", // controls
                                  "\x80",
                                  "\xbf",
                                  "\xfe",
                                  "\xff",
                                  "\xf8\x88\x80\x80\x80", // bytes that begin nothing
                                  "\xc0\xaf",
                                  "\xc1\xbf",
                                  "\xe0\x9f\xbf",
                                  "\xf0\x8f\xbf\xbf", // longer than need be
                                  "\xed\xa0\x80",
                                  "\xed\xbf\xbf",
                                  "\xf4\x90\x80\x80", // surrogates, beyond Unicode
                                  "\xc3",
                                  "\xe2\x82",
                                  "\xf0\x9f\x92",
                                  "\xc3\x28",
                                  "\xe2\x28\xa1",
                                  "\xe2\x82\x28"}) {
        CAPTURE(to_hex(as_bytes(bad)));
        CHECK_FALSE(valid_argument(bad));
        CHECK_FALSE(valid_argument("a" + bad));
    }
}
