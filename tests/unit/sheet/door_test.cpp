// What a sheet says of the door that a knock opens.
#include "base/text.h"
#include "otp/door_port.h"
#include "sheet/sheet.h"
#include "tests/unit/sheet/pages.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

using namespace otk;
using otk::test::page_of;
using otk::test::says;

namespace {

SheetContents contents_of(Algorithm algorithm, Count first) {
    const ChainSecret chain = ChainSecret::generate(algorithm, [](MutableBytes bytes) {
        std::fill(bytes.begin(), bytes.end(), std::uint8_t{42}); // the same in every run
    });
    SheetContents contents;
    contents.algorithm = algorithm;
    contents.seed = "dog2";
    contents.host = "gate.example.org";
    for (Count number = first; number >= 1; --number)
        contents.knocks.push_back({number, chain.at(number)});
    return contents;
}

SheetDoor forwarding(PortRange ports) {
    SheetDoor door;
    door.ports = ports;
    return door;
}

} // namespace

TEST_CASE("each knock of a forwarding door has its port in its own line or column, in every form") {
    for (const Algorithm algorithm : {Algorithm::md5, Algorithm::sha256}) {
        for (const TextForm form : {TextForm::hex, TextForm::base32, TextForm::words}) {
            CAPTURE(name_of(algorithm));
            CAPTURE(static_cast<int>(form));
            SheetContents contents = contents_of(algorithm, 120);
            contents.form = form;
            contents.door = forwarding({1, 65535});
            const std::string page = page_of(contents);
            for (const NumberedKnock& knock : contents.knocks) {
                const std::string value = format_value(knock.value, form);
                const std::size_t at = page.find(value + "  ", page.find("THE KNOCKS"));
                REQUIRE(at != std::string::npos);
                const std::size_t port = page.find_first_not_of(' ', at + value.size());
                const std::size_t end = page.find_first_of(" \n", port);
                CHECK(page.substr(port, end - port) ==
                      std::to_string(door_port(knock.value, contents.door->ports)));
            }
            for (const std::string_view line : split(page, '\n'))
                CHECK(line.size() <= 80);
        }
    }
}

TEST_CASE("without a door no port stands beside the knocks, and nothing is said of afterwards") {
    SheetContents contents = contents_of(Algorithm::sha256, 12);
    const std::string page = page_of(contents);
    CHECK_FALSE(says(page, "AFTER KNOCK"));
    contents.door = SheetDoor{};
    contents.door->port = 443;
    const std::string open = page_of(contents);
    CHECK(says(open, "AFTER KNOCK 12"));
    CHECK(open.substr(open.find("THE KNOCKS")) == page.substr(page.find("THE KNOCKS")));
}

TEST_CASE("the line for ssh names the port unless it is ssh's own") {
    SheetContents contents = contents_of(Algorithm::sha256, 12);
    contents.door = SheetDoor{};
    contents.door->ssh = true;
    contents.door->hold = std::chrono::seconds{90};
    contents.door->port = 22;
    CHECK(says(page_of(contents), "  port 22 is open for 90s:\n    ssh gate.example.org\n"));
    contents.door->port = 2222;
    CHECK(says(page_of(contents), "    ssh -p 2222 gate.example.org\n"));
    contents.door = forwarding({61000, 65534});
    contents.door->ssh = true;
    const std::uint16_t port = door_port(contents.knocks.front().value, contents.door->ports);
    CHECK(says(page_of(contents), "    ssh -p " + std::to_string(port) + " gate.example.org\n"));
    CHECK(says(page_of(contents), "one of the next eight"));
}

TEST_CASE("what is not ssh is named by its port and protocol") {
    SheetContents contents = contents_of(Algorithm::sha256, 12);
    contents.door = SheetDoor{};
    contents.door->port = 51820;
    contents.door->udp = true;
    CHECK(says(page_of(contents), "connect to gate.example.org, port 51820/udp\n"));
    CHECK_FALSE(says(page_of(contents), "ssh"));
}

TEST_CASE("the outcome is asked for by the very name of the knock, where a dns knock can pass") {
    SheetContents contents = contents_of(Algorithm::sha256, 12);
    contents.carriers.zone = "k.example.org";
    CHECK_FALSE(says(page_of(contents), "TXT"));
    contents.carriers.dns_confirms = true;
    const std::string value = format_compact(contents.knocks.front().value, contents.form);
    CHECK(says(page_of(contents), "    dig +short TXT " + value + ".k.example.org\n"));
    SUBCASE("a name with an address") {
        contents.form = TextForm::base32;
        contents.carriers.dns_names_address = true;
        const std::string name = format_compact(contents.knocks.front().value, contents.form) + "-A-B-C-D";
        CHECK(says(page_of(contents), "    dig +short " + name + ".k.example.org\n"));
        CHECK(says(page_of(contents), "    dig +short TXT " + name + ".k.example.org\n"));
    }
    SUBCASE("no dns lines") {
        contents.carriers.dns_names_address = true; // needs base32
        CHECK_FALSE(says(page_of(contents), "TXT"));
    }
    SUBCASE("no zone") {
        contents.carriers.zone.clear();
        CHECK_FALSE(says(page_of(contents), "TXT"));
    }
}
