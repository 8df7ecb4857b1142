#include "sys/privileges.h"

#include "base/promise.h"
#include "base/text.h"
#include "helpers.h"
#include "sys/file.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <map>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace otk {

namespace {

// Every Debian system has it, and it has no rights anywhere.
Account nobody() {
    const auto account = find_account("nobody");
    REQUIRE(account);
    return *account;
}

// "Name:\tvalue" lines of /proc/self/status.
std::map<std::string, std::string> own_status() {
    std::map<std::string, std::string> fields;
    const auto text = read_file("/proc/self/status", 64 * 1024);
    for (const std::string_view line : split(*text, '\n')) {
        const std::size_t colon = line.find(":\t");
        if (colon != std::string_view::npos) {
            fields.emplace(std::string(line.substr(0, colon)), std::string(line.substr(colon + 2)));
        }
    }
    return fields;
}

bool needs_root(std::string_view test) {
    if (test::is_root()) return false;
    test::say_skipped(test, "needs root, to have something to give up");
    return true;
}

constexpr auto no_capabilities = "0000000000000000";

} // namespace

TEST_CASE("accounts: found with ids and groups, or not found") {
    const auto root = find_account("root");
    REQUIRE(root);
    CHECK(root->uid == 0);
    CHECK(root->home == "/root");
    const std::vector<gid_t> groups = groups_of(*root);
    CHECK(std::find(groups.begin(), groups.end(), root->gid) != groups.end());
    CHECK_FALSE(find_account("no-such-user-here"));
    CHECK_FALSE(find_account(""));
    CHECK(find_group("root") == gid_t{0});
    CHECK_FALSE(find_group("no-such-group-here"));
}

TEST_CASE("privileges: become leaves a user without groups, capabilities or a way back") {
    if (needs_root("become")) return;
    const Account account = nobody();
    const int status = test::status_of([&account] {
        const std::array<gid_t, 2> some{0, account.gid};
        test::require_in_child(::setgroups(some.size(), some.data()) == 0, "groups to lose");
        become(account, std::nullopt);
        const auto now = own_status();
        const std::string uid = std::to_string(account.uid);
        test::require_in_child(now.at("Uid") == uid + "\t" + uid + "\t" + uid + "\t" + uid,
                               "all four user ids");
        test::require_in_child(now.at("Groups").find_first_not_of(' ') == std::string::npos, "no groups");
        for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
            test::require_in_child(now.at(set) == no_capabilities, set);
        }
        test::require_in_child(now.at("NoNewPrivs") == "1", "no new privileges");
        test::require_in_child(prctl(PR_GET_DUMPABLE) == 0, "not dumpable");
    });
    CHECK(test::succeeded(status));
}

TEST_CASE("privileges: become confines to a directory") {
    if (needs_root("become in a directory")) return;
    const Account account = nobody();
    const test::TemporaryDirectory directory;
    REQUIRE(::chmod(directory.path().c_str(), 0755) == 0);
    replace_file(directory.path() / "inside", "", 0644, false);
    const int status = test::status_of([&] {
        become(account, directory.path());
        test::require_in_child(::access("/inside", R_OK) == 0, "the directory is the root now");
        test::require_in_child(::access("/etc/passwd", F_OK) != 0, "what lies outside is gone");
        test::require_in_child(::access("../../etc/passwd", F_OK) != 0,
                               "the working directory is inside too");
    });
    CHECK(test::succeeded(status));
}

TEST_CASE(
    "privileges: a capability that shall stay stays, and one that would be a way back breaks the promise") {
    if (needs_root("become with a capability kept")) return;
    const Account account = nobody();
    const int kept = test::status_of([&account] {
        become(account, std::nullopt, {CAP_NET_BIND_SERVICE});
        const auto now = own_status();
        const std::string expected = fmt::format("{:016x}", 1ULL << CAP_NET_BIND_SERVICE);
        test::require_in_child(now.at("CapEff") == expected, "effective");
        test::require_in_child(now.at("CapPrm") == expected, "permitted");
        test::require_in_child(now.at("CapBnd") == no_capabilities, "bounding set");
    });
    CHECK(test::succeeded(kept));
    const auto with = [&account](int capability) {
        return test::status_of([&] { become(account, std::nullopt, {capability}); });
    };
    CHECK(test::killed_by(with(CAP_SETUID), SIGABRT));
    CHECK(test::killed_by(with(CAP_SETGID), SIGABRT));
    CHECK(test::killed_by(with(CAP_SYS_CHROOT), SIGABRT));
    CHECK(test::killed_by(with(CAP_DAC_READ_SEARCH), SIGABRT)); // could read root's files
}

TEST_CASE(
    "privileges: root and root's group are no accounts to become, and without root nothing can be become") {
    CHECK_THROWS_WITH_AS(become(Account{"root", 0, 0, "/"}, std::nullopt), doctest::Contains("root"), Error);
    CHECK_THROWS_AS(become(Account{"half", 12345, 0, "/"}, std::nullopt), Error);
    if (needs_root("become twice")) return;
    const Account account = nobody();
    const int twice = test::status_of([&account] {
        become(account, std::nullopt);
        bool refused = false;
        try {
            become(account, "/");
        } catch (const Error&) {
            refused = true;
        }
        test::require_in_child(refused, "the second time is an error");
    });
    CHECK(test::succeeded(twice));
}

TEST_CASE("privileges: the parent's death still kills after the user was changed") {
    if (needs_root("parent-death signal")) return;
    const Account account = nobody();
    auto pipe = test::make_pipe();
    // The middle process plays the monitor and dies; the inner one holds the pipe open until it is killed.
    const int status = test::status_of([&] {
        auto ready = test::make_pipe();
        const pid_t inner = ::fork();
        if (inner == 0) {
            (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
            become(account, std::nullopt);
            ready.write.close();
            for (;;) {
                (void)::pause();
            }
        }
        ready.write.close();
        test::require_in_child(inner > 0 && test::read_to_end(ready.read.get()).empty(),
                               "the inner one is ready");
    });
    REQUIRE(test::succeeded(status));
    pipe.write.close();
    CHECK(test::read_to_end(pipe.read.get()).empty());
}

TEST_CASE("privileges: giving up what there is works with root and without") {
    const int status = test::status_of([] {
        give_up_what_there_is();
        const auto now = own_status();
        test::require_in_child(now.at("CapEff") == no_capabilities, "effective");
        test::require_in_child(now.at("CapPrm") == no_capabilities, "permitted");
        test::require_in_child(now.at("NoNewPrivs") == "1", "no new privileges");
        give_up_what_there_is(); // once more does no harm
    });
    CHECK(test::succeeded(status));
}

TEST_CASE(
    "privileges: descriptors get fixed numbers, in whatever order they come, and all others are closed") {
    const int status = test::status_of([] {
        auto first = test::make_pipe();
        auto second = test::make_pipe();
        const Fd other(::open("/dev/null", O_RDONLY));
        (void)!::write(first.write.get(), "1", 1);
        (void)!::write(second.write.get(), "2", 1);
        // The pipes' own numbers overlap with the wanted ones, crosswise.
        arrange_descriptors({second.read.get(), first.read.get()});
        char c = 0;
        test::require_in_child(::read(3, &c, 1) == 1 && c == '2', "3 is the second pipe");
        test::require_in_child(::read(4, &c, 1) == 1 && c == '1', "4 is the first pipe");
        test::require_in_child((::fcntl(3, F_GETFD) & FD_CLOEXEC) == 0, "exec keeps them");
        for (int fd = 5; fd < 100; ++fd) {
            test::require_in_child(::fcntl(fd, F_GETFD) == -1, "no other descriptor is open");
        }
        test::require_in_child(::fcntl(2, F_GETFD) != -1, "standard error stays");
    });
    CHECK(test::succeeded(status));
    CHECK_FALSE(test::succeeded(test::status_of([] { arrange_descriptors({12345}); })));
}

} // namespace otk
