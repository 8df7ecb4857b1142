// The server's private keys: read when the policy says so, wiped when their time is over.

#include "tests/unit/knockd/dynamic_world.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

namespace {

struct Keys {
    World w;
    ServerKeys keys{w.folder / "server"};

    std::vector<std::int64_t> at(Time now) {
        std::vector<std::int64_t> numbers;
        for (const ServerKeys::InForce& each : keys.at(now))
            numbers.push_back(each.id);
        return numbers;
    }
    std::string trouble() {
        const auto troubles = keys.load(*w.policy, w.now);
        CHECK(troubles.size() <= 1);
        return troubles.empty() ? "" : troubles[0];
    }
    void write(const std::string& content) {
        std::ofstream(w.folder / "server" / "1.key", std::ios::trunc) << content;
    }
};

using Numbers = std::vector<std::int64_t>;

} // namespace

TEST_CASE_FIXTURE(Keys, "no keys, one, and two while one takes the other's place") {
    CHECK(trouble().empty());
    CHECK(at(w.now) == Numbers{});
    const ServerKey first = add_key(w, 1);
    CHECK(trouble().empty());
    CHECK(at(w.now) == Numbers{1});
    CHECK(keys.at(w.now)[0].key.public_key() == first.public_key());

    const ServerKey second = add_key(w, 2, w.now + 1h);
    CHECK(trouble().empty());
    CHECK(at(w.now) == Numbers{2, 1}); // the newest first
    CHECK(keys.at(w.now)[0].key.public_key() == second.public_key());
    CHECK(at(w.now + 1h - 1ns) == Numbers{2, 1});
    CHECK(at(w.now + 1h) == Numbers{2});
    CHECK(at(w.now) == Numbers{2}); // it was wiped: a clock that is set back brings nothing back
    CHECK(trouble().empty());
    CHECK(at(w.now) == Numbers{2, 1}); // only the policy does
}

TEST_CASE_FIXTURE(Keys, "a key that is in force stays without its file; one that has ended is not read") {
    (void)add_key(w, 1);
    CHECK(trouble().empty());
    std::filesystem::remove(w.folder / "server" / "1.key");
    (void)add_key(w, 2);
    CHECK(trouble().empty());
    CHECK(at(w.now) == Numbers{2, 1});
    w.admin->end_server_key(1, w.now);
    CHECK(trouble().empty());
    CHECK(at(w.now) == Numbers{2});

    ServerKeys fresh(w.folder / "server");
    CHECK(fresh.load(*w.policy, w.now).empty()); // 1.key is missing, and nobody asks for it
}

TEST_CASE_FIXTURE(Keys, "a file that is no key, or another's, is told by name and leaves the others") {
    const ServerKey first = add_key(w, 1);
    (void)add_key(w, 2);
    const std::string right = to_hex(first.bytes());
    const std::string other(64, '1');
    for (const std::string& content :
         {std::string(), right, right + " ", right + "\n\n", right + "\r\n", right.substr(1) + "\n",
          "0" + right + "\n", right.substr(1) + "g\n", std::string(1000, 'a')}) {
        CAPTURE(content);
        write(content);
        ServerKeys fresh(w.folder / "server");
        const auto troubles = fresh.load(*w.policy, w.now);
        REQUIRE(troubles.size() == 1);
        CHECK(troubles[0].find("1.key: is not 64 hex digits and a newline") != std::string::npos);
        REQUIRE(fresh.at(w.now).size() == 1);
        CHECK(fresh.at(w.now)[0].id == 2);
    }
    write(other + "\n");
    CHECK(trouble().find("1.key: is not the private half of key 1") != std::string::npos);
    std::filesystem::remove(w.folder / "server" / "1.key");
    CHECK(trouble().find("1.key: cannot be opened: No such file") != std::string::npos);
    std::filesystem::create_symlink(w.folder / "server" / "2.key", w.folder / "server" / "1.key");
    CHECK(trouble().find("1.key: cannot be opened") != std::string::npos);
    std::filesystem::remove(w.folder / "server" / "1.key");
    write(right + "\n");
    CHECK(trouble().empty());
    CHECK(at(w.now) == Numbers{2, 1});
}
