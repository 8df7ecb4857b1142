#include "profile/profile.h"

#include "base/text.h"

#include <doctest/doctest.h>

using namespace otk;

namespace {

const std::string server_hex = "000102030405060708090a0b0c0d0e0f";
const std::string key_hex = std::string(62, 'a') + "01";
const std::string least = "otk1-profile host=knock.example.org algorithm=sha256 seed=k3x7 length=1000 "
                          "command=ssh server=" +
                          server_hex + " signed=yes plain=no check=BAD";

Profile read(const std::string& line) {
    const auto profile = parse_profile(line);
    INFO(line);
    if (!profile) FAIL(profile.reason());
    return *profile;
}

bool refuses(const std::string& line, std::string_view because) {
    const auto profile = parse_profile(line);
    const std::string reason = profile ? "taken" : profile.reason();
    INFO(line << ": " << reason);
    const bool told = reason.find(because) != std::string::npos && reason.find('\n') == std::string::npos;
    CHECK(told);
    return told;
}

// The line with the word of that key replaced.
std::string with(const std::string& key, const std::string& value) {
    const std::size_t at = least.find(" " + key + "=");
    if (at == std::string::npos) return least + " " + key + "=" + value;
    const std::size_t end = std::min(least.find(' ', at + 1), least.size());
    return least.substr(0, at) + " " + key + "=" + value + least.substr(end);
}

} // namespace

TEST_CASE("the least that a profile says") {
    const Profile profile = read(least);
    CHECK(profile.host == "knock.example.org");
    CHECK(profile.algorithm == Algorithm::sha256);
    CHECK(profile.seed == "k3x7");
    CHECK(profile.length == 1000);
    CHECK(profile.command == "ssh");
    CHECK(to_hex(profile.server) == server_hex);
    CHECK(profile.has_key);
    CHECK_FALSE(profile.plain);
    CHECK(profile.check == "BAD");
    CHECK(profile.udp_port == 0);
    CHECK_FALSE(profile.icmp);
    CHECK(profile.zone.empty());
    CHECK_FALSE(profile.server_key);
    CHECK(format_profile(profile) == least);
}

TEST_CASE("all that a profile can say, in the order of its fields") {
    const std::string all =
        "otk1-profile host=2001:db8::7 algorithm=sha256 seed=k3x7 length=2 command=inner-ssh "
        "server=" +
        server_hex +
        " signed=yes plain=yes check=GLEN udp=62201 icmp=yes dns=knock.example.org confirm=yes dynamic=62202 "
        "key=" +
        key_hex + " isn=ignore address=yes argument=yes opens=22/tcp ports=61000-65534";
    const Profile profile = read(all);
    CHECK(profile.check == "GLEN");
    CHECK(profile.udp_port == 62201);
    CHECK(profile.icmp);
    CHECK(profile.zone == "knock.example.org");
    CHECK(profile.confirms);
    CHECK(profile.dynamic_port == 62202);
    REQUIRE(profile.server_key);
    CHECK(to_hex(*profile.server_key) == key_hex);
    CHECK(profile.ignores_sequence);
    CHECK(profile.uses_address);
    CHECK(profile.argument);
    CHECK(profile.opens == "22/tcp");
    CHECK(profile.ports == "61000-65534");
    CHECK(format_profile(profile) == all);
}

TEST_CASE("words in any order, parted by any blanks, mean the same") {
    CHECK(read("  otk1-profile\nserver=" + server_hex +
               "\tcommand=ssh  plain=no check=bad signed=yes\r\nlength=1000 seed=K3X7 algorithm=sha256 "
               "host=knock.example.org icmp=no isn=compare \n") == read(least));
}

TEST_CASE("a plain chain of RFC 2289 has a profile, too") {
    const Profile profile =
        read("otk1-profile host=h algorithm=md5 seed=dog2 length=487 command=ssh server=" + server_hex +
             " signed=no plain=yes check=BAD udp=7");
    CHECK(profile.algorithm == Algorithm::md5);
    CHECK_FALSE(profile.has_key);
    CHECK(profile.plain);
}

TEST_CASE("what is no profile") {
    CHECK(refuses("", "begins with the word otk1-profile"));
    CHECK(refuses("otk1:sha256:1000:k3x7", "begins with the word otk1-profile"));
    CHECK(refuses("otk1-profiles host=h", "begins with the word otk1-profile"));
    CHECK(refuses(least + std::string(2048, ' '), "at most 2048"));
    CHECK(refuses(least + " colour=blue", "'colour=blue', which this version does not know"));
    CHECK(refuses(least + " icmp", "'icmp', which this version does not know"));
    CHECK(refuses(least + " =", "'=', which this version does not know"));
    CHECK(refuses(least + " HOST=x", "does not know"));
    CHECK(refuses(least + " host=other", "says host= twice"));
    CHECK(refuses(least + " x=\x1b[2J", "\\x1b"));
    for (const char* key :
         {"host", "algorithm", "seed", "length", "command", "server", "signed", "plain", "check"}) {
        CAPTURE(key);
        std::string line = with(key, "");
        line.erase(line.find(std::string(" ") + key + "="), std::string_view(key).size() + 2);
        CHECK(refuses(line, std::string("lacks ") + key + "="));
    }
}

TEST_CASE("every value is checked, and the reason says what it should be") {
    CHECK(refuses(with("host", ""), "says host= and not what"));
    CHECK(refuses(with("host", "-oProxy"), "name or address"));
    CHECK(refuses(with("host", "a;b"), "name or address"));
    CHECK(refuses(with("host", std::string(254, 'a')), "name or address"));
    CHECK(refuses(with("algorithm", "SHA256"), "sha256"));
    CHECK(refuses(with("seed", "k-3"), "letters and digits"));
    CHECK(refuses(with("seed", "k3x7k3x7k3x7k3x7k"), "1 to 16"));
    CHECK(refuses(with("length", "1"), "from 2 to 1000000"));
    CHECK(refuses(with("length", "1000001"), "from 2 to 1000000"));
    CHECK(refuses(with("command", "Ssh"), "name of a command"));
    CHECK(refuses(with("server", server_hex + "0"), "32 hex digits"));
    CHECK(refuses(with("signed", "true"), "yes or no"));
    CHECK(refuses(with("check", "GLENS"), "first of the six check words"));
    CHECK(read(with("check", "g1en")).check == "GLEN"); // as words are read everywhere
    CHECK(refuses(with("udp", "0"), "1 to 65535"));
    CHECK(refuses(with("udp", "65536"), "1 to 65535"));
    CHECK(refuses(with("icmp", "YES"), "yes or no"));
    CHECK(refuses(with("dns", "a..b"), "domain name"));
    CHECK(refuses(with("key", key_hex.substr(1)), "64 hex digits"));
    CHECK(refuses(with("isn", "no"), "ignore or compare"));
    CHECK(refuses(with("opens", "22"), "22/tcp"));
    CHECK(refuses(with("ports", "2-1"), "61000-65534"));
    CHECK(refuses(with("ports", "0-1"), "61000-65534"));
    CHECK(refuses(with("ports", "1-2-3"), "61000-65534"));
}

TEST_CASE("what no grant is, is refused as a whole") {
    CHECK(refuses(with("algorithm", "md5"), "only sha256 chains can sign"));
    CHECK(refuses(with("signed", "no"), "no knock would be accepted"));
    CHECK(refuses(with("dynamic", "62201"), "needs signed=yes and the server's key="));
    CHECK(read(with("dynamic", "62201") + " key=" + key_hex).dynamic_port == 62201);
}
