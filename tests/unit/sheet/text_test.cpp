#include "sheet/sheet.h"

#include "base/text.h"
#include "tests/unit/sheet/pages.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

using namespace otk;
using otk::test::page_of;
using otk::test::says;

namespace {

// The same bytes in every run.
void counting_random(MutableBytes bytes) {
    std::uint8_t next = 7;
    for (std::uint8_t& byte : bytes)
        byte = next = static_cast<std::uint8_t>(next * 5 + 1);
}

SheetContents contents_of(Algorithm algorithm, Count first, Count last) {
    const ChainSecret chain = ChainSecret::generate(algorithm, counting_random);
    SheetContents contents;
    contents.algorithm = algorithm;
    contents.seed = "dog2";
    for (Count number = first; number >= last; --number)
        contents.knocks.push_back({number, chain.at(number)});
    return contents;
}

bool has_line(const std::string& page, const std::string& line) {
    return ("\n" + page).find("\n" + line + "\n") != std::string::npos;
}

std::size_t widest_line(const std::string& page) {
    std::size_t widest = 0;
    for (const std::string_view line : split(page, '\n'))
        widest = std::max(widest, line.size());
    return widest;
}

struct ReadCell {
    Count number = 0;
    std::string value;
};

// What a person reads off the page: behind each box a number and a value, the left column of a block first.
std::vector<ReadCell> cells_of(std::string_view text) {
    std::vector<ReadCell> cells;
    for (std::size_t box = text.find("[ ] "); box != std::string_view::npos;
         box = text.find("[ ] ", box + 1)) {
        std::string_view rest = text.substr(box + 4);
        rest = rest.substr(0, std::min(rest.find('\n'), rest.find("[ ] ")));
        rest.remove_prefix(rest.find_first_not_of(' '));
        const std::string_view number = rest.substr(0, rest.find(' '));
        std::string_view value = rest.substr(number.size());
        value.remove_prefix(value.find_first_not_of(' '));
        while (value.ends_with(' '))
            value.remove_suffix(1);
        cells.push_back({static_cast<Count>(std::stoul(std::string(number))), std::string(value)});
    }
    return cells;
}

constexpr std::array all_forms{TextForm::words, TextForm::hex, TextForm::base32};

} // namespace

TEST_CASE("every knock stands on the sheet once and reads back as its value") {
    for (const Algorithm algorithm : {Algorithm::md5, Algorithm::sha1, Algorithm::sha256}) {
        for (const TextForm form : all_forms) {
            CAPTURE(name_of(algorithm));
            CAPTURE(static_cast<int>(form));
            SheetContents contents = contents_of(algorithm, 137, 3);
            contents.form = form;
            std::vector<ReadCell> cells = cells_of(page_of(contents));
            // In two columns the eye goes down before it goes right; here only that none is missing counts.
            std::stable_sort(cells.begin(), cells.end(), [](const ReadCell& left, const ReadCell& right) {
                return left.number > right.number;
            });
            REQUIRE(cells.size() == contents.knocks.size());
            for (std::size_t i = 0; i < cells.size(); ++i) {
                CHECK(cells[i].number == contents.knocks[i].number);
                const Readings readings = read_value(cells[i].value, TextSource::line, bit(algorithm));
                CHECK(std::any_of(readings.begin(), readings.end(), [&](const Reading& reading) {
                    return reading.value == contents.knocks[i].value;
                }));
            }
        }
    }
}

TEST_CASE("no line is wider than 80 characters, in any form") {
    for (const Algorithm algorithm : {Algorithm::md5, Algorithm::sha256}) {
        for (const TextForm form : all_forms) {
            SheetContents contents = contents_of(algorithm, 1200, 901);
            contents.form = form;
            contents.host = "vpn.department.example.org";
            // Twelve words fill a line of their own: there the zone must wrap.
            if (form != TextForm::words) contents.carriers.zone = "k.example.org";
            CAPTURE(name_of(algorithm));
            CAPTURE(static_cast<int>(form));
            CHECK(widest_line(page_of(contents)) <= 80);
        }
    }
}

TEST_CASE("the lines for the first knock are exact") {
    SheetContents contents = contents_of(Algorithm::sha256, 99, 1);
    contents.host = "192.0.2.7";
    contents.carriers.zone = "k.example.org";
    contents.carriers.udp_port = std::uint16_t{4242};
    const std::string hex = to_hex(contents.knocks.front().value.view());
    const std::string page = page_of(contents);
    CHECK(has_line(page, "    ping -c1 -p " + hex + " 192.0.2.7"));
    CHECK(has_line(page, "    dig +short " + hex + ".k.example.org"));
    CHECK(has_line(page, "    nslookup " + hex + ".k.example.org."));
    CHECK(has_line(page, "    http://" + hex + ".k.example.org/"));
    CHECK(has_line(page, "    echo " + hex + " | nc -u -w1 192.0.2.7 4242"));
    CHECK(has_line(page, "    $u=[Net.Sockets.UdpClient]::new('192.0.2.7',4242);"));
    CHECK(has_line(page, "    $v='" + hex + "';"));
    CHECK(has_line(page, "    $u.Send([byte[]][char[]]$v,$v.Length)"));
}

TEST_CASE("ping's pattern of a 64-bit knock is 16 digits") {
    const SheetContents contents = contents_of(Algorithm::md5, 9, 1);
    const std::string hex = to_hex(contents.knocks.front().value.view());
    REQUIRE(hex.size() == 16);
    CHECK(has_line(page_of(contents), "    ping -c1 -p " + hex + " SERVER"));
}

TEST_CASE("a long nc line is broken where a shell reads on") {
    SheetContents contents = contents_of(Algorithm::sha256, 9, 1);
    contents.host = "gateway.department.example.org";
    const std::string hex = to_hex(contents.knocks.front().value.view());
    CHECK(has_line(page_of(contents),
                   "    echo " + hex + " |\n    nc -u -w1 gateway.department.example.org 62201"));
}

TEST_CASE("a carrier that is off has no line") {
    SheetContents contents = contents_of(Algorithm::sha256, 9, 1);
    SUBCASE("no zone") {
        const std::string page = page_of(contents);
        CHECK_FALSE(says(page, "dig +short"));
        CHECK_FALSE(says(page, "nslookup"));
    }
    SUBCASE("no udp") {
        contents.carriers.udp_port.reset();
        const std::string page = page_of(contents);
        CHECK_FALSE(says(page, "nc -u"));
        CHECK_FALSE(says(page, "UdpClient"));
        CHECK(says(page, "ping -c1"));
    }
    SUBCASE("no icmp") {
        contents.carriers.icmp = false;
        CHECK_FALSE(says(page_of(contents), "ping -c1"));
    }
    SUBCASE("ping takes hex only") {
        contents.form = TextForm::words;
        CHECK_FALSE(says(page_of(contents), "ping -c1"));
    }
    SUBCASE("none at all") {
        contents.carriers = {std::nullopt, false, "", false};
        const std::string page = page_of(contents);
        CHECK_FALSE(says(page, "THE LINES"));
        CHECK(says(page, "THE KNOCKS"));
    }
}

TEST_CASE("a dns knock that must name an address takes base32") {
    SheetContents contents = contents_of(Algorithm::sha256, 9, 1);
    contents.carriers.zone = "k.example.org";
    contents.carriers.dns_names_address = true;
    CHECK_FALSE(says(page_of(contents), "dig +short"));
    contents.form = TextForm::words;
    CHECK_FALSE(says(page_of(contents), "dig +short"));
    CHECK_FALSE(says(page_of(contents), "DNS name"));
    contents.form = TextForm::base32;
    const std::string base32 = format_compact(contents.knocks.front().value, TextForm::base32);
    CHECK(has_line(page_of(contents), "    dig +short " + base32 + "-A-B-C-D.k.example.org"));
}

TEST_CASE("how words stand in a DNS name is said only where there is a line for one") {
    SheetContents contents = contents_of(Algorithm::md5, 9, 1);
    contents.form = TextForm::words;
    CHECK_FALSE(says(page_of(contents), "DNS name"));
    contents.carriers.zone = "k.example.org";
    CHECK(says(page_of(contents), "In a DNS name put _ between words."));
    contents.form = TextForm::hex;
    CHECK_FALSE(says(page_of(contents), "put _ between words"));
}

TEST_CASE("the warning stands above the last knocks of the sheet") {
    SheetContents contents = contents_of(Algorithm::sha256, 60, 31);
    const auto cells_below_warning = [&]() -> std::size_t {
        const std::string page = page_of(contents);
        const std::size_t at = page.find("knocks left on this sheet");
        return at == std::string::npos ? 0 : cells_of(std::string_view(page).substr(at)).size();
    };
    CHECK(cells_below_warning() == 10);
    contents.warn_left = 13;
    CHECK(cells_below_warning() == 13);
    contents.warn_left = 500;
    CHECK(cells_below_warning() == 30);
    contents.warn_left = 0;
    CHECK(cells_below_warning() == 0);

    SheetContents two_columns = contents_of(Algorithm::md5, 60, 31);
    for (Count left = 1; left <= 30; ++left) {
        CAPTURE(left);
        two_columns.warn_left = left;
        const std::string page = page_of(two_columns);
        const std::size_t at = page.find("***** ");
        REQUIRE(at != std::string::npos);
        CHECK(page.substr(at + 6, std::to_string(left).size()) == std::to_string(left));
        CHECK(cells_of(std::string_view(page).substr(at)).size() == left);
    }
}

TEST_CASE("the head says what was asked for and nothing else") {
    SheetContents contents = contents_of(Algorithm::md5, 4, 1);
    CHECK_FALSE(says(page_of(contents), "User "));
    CHECK_FALSE(says(page_of(contents), "Command "));
    CHECK_FALSE(says(page_of(contents), "Check words "));
    CHECK_FALSE(says(page_of(contents), "length"));
    contents.user = "alice";
    contents.command = "restart-web";
    contents.check_words = "A BAD CAB DAD EEL FAD";
    contents.length = 5;
    const std::string page = page_of(contents);
    CHECK(has_line(page, "  User         alice"));
    CHECK(has_line(page, "  Command      restart-web"));
    CHECK(has_line(page, "  Chain        md5, seed dog2, length 5"));
    CHECK(has_line(page, "  Check words  A BAD CAB DAD EEL FAD"));
    CHECK(has_line(page, "  Knocks       4 down to 1"));
}

TEST_CASE("nobody's title moves a printer's cursor") {
    SheetContents contents = contents_of(Algorithm::md5, 4, 1);
    contents.title = "Knocks\x1b[2J";
    contents.command = "a\nb";
    const std::string page = page_of(contents);
    CHECK(has_line(page, "Knocks\\x1b[2J"));
    CHECK(has_line(page, "  Command      a\\x0ab"));
}

TEST_CASE("the rule for users is on the sheet") {
    const std::string page = page_of(contents_of(Algorithm::md5, 4, 1));
    CHECK(says(page, "The same number again, by another carrier if need be, up\n     to three times."));
    CHECK(says(page, "Strike it out. If nothing happened at all, take the next number"));
}

TEST_CASE("only what a shell takes as it stands is a host or a zone") {
    for (const char* good :
         {"SERVER", "a.example.org", "192.0.2.7", "2001:db8::1", "fe80::1%eth0", "my_host"}) {
        CAPTURE(good);
        CHECK(usable_host(good));
    }
    for (const char* bad : {"", "-c9", "a b", "a;b", "$(x)", "a'b", "a|b", "\xc3\xa9.example"}) {
        CAPTURE(bad);
        CHECK_FALSE(usable_host(bad));
    }
    CHECK(usable_host(std::string(253, 'a')));
    CHECK_FALSE(usable_host(std::string(254, 'a')));
    CHECK(usable_zone("k.example.org"));
    for (const char* bad : {"", ".", "k.example.org.", ".k", "a..b", "a:b", "-a", "a b"}) {
        CAPTURE(bad);
        CHECK_FALSE(usable_zone(bad));
    }
    SheetContents contents = contents_of(Algorithm::md5, 4, 1);
    contents.host = "a; rm x";
    CHECK_THROWS_AS((void)render_text(contents), Error);
    contents.host = "SERVER";
    contents.carriers.zone = "k.example.org.";
    CHECK_THROWS_AS((void)render_text(contents), Error);
}
