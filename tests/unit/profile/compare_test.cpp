#include "profile/compare.h"

#include <doctest/doctest.h>

using namespace otk;

namespace {

Profile known() {
    Profile profile;
    profile.host = "knock.example.org";
    profile.seed = "k3x7";
    profile.length = 1000;
    profile.command = "ssh";
    profile.has_key = true;
    profile.plain = false;
    profile.check = "BAD";
    profile.udp_port = 62201;
    profile.uses_address = true;
    return profile;
}

bool is_downgrade(const Profile& after, std::string_view because) {
    const auto found = downgrades(known(), after);
    return found.size() == 1 && found.front().find(because) != std::string::npos;
}

} // namespace

TEST_CASE("compare: each word of a line that changes is told, what is new or gone among them") {
    CHECK(changes(known(), known()).empty());
    Profile after = known();
    after.host = "elsewhere.example.org";
    after.server[0] = 1;
    after.udp_port = 0;
    after.zone = "k.example.org";
    after.server_key.emplace();
    const auto found = changes(known(), after);
    REQUIRE(found.size() == 5);
    CHECK(found[0] == Change{"host", "knock.example.org", "elsewhere.example.org"});
    CHECK(found[1] == Change{"server", std::string(32, '0'), "01" + std::string(30, '0')});
    CHECK(found[2] == Change{"udp", "62201", ""});
    CHECK(found[3] == Change{"dns", "", "k.example.org"});
    CHECK(found[4] == Change{"key", "", std::string(64, '0')});
}

TEST_CASE("compare: what asks for less is a downgrade") {
    CHECK(downgrades(known(), known()).empty());
    Profile after = known();
    after.length = 999;
    CHECK(is_downgrade(after, "length=999 is shorter than 1000"));
    after = known();
    after.has_key = false;
    CHECK(is_downgrade(after, "signed=no"));
    after = known();
    after.uses_address = false;
    CHECK(is_downgrade(after, "address=yes"));
    for (const Algorithm weaker : {Algorithm::sha1, Algorithm::md5, Algorithm::md4}) {
        after = known();
        after.algorithm = weaker;
        CHECK(is_downgrade(after, "is weaker than sha256"));
    }
}

TEST_CASE("compare: between the weak ones, too, and never upwards") {
    Profile weak = known();
    weak.algorithm = Algorithm::md4;
    weak.length = 2;
    weak.has_key = false;
    weak.uses_address = false;
    CHECK(downgrades(weak, known()).empty());
    Profile stronger = weak;
    stronger.algorithm = Algorithm::md5;
    CHECK(downgrades(weak, stronger).empty());
    CHECK(downgrades(stronger, weak).size() == 1);
    weak.algorithm = Algorithm::sha1;
    CHECK(downgrades(weak, stronger).size() == 1);
}
