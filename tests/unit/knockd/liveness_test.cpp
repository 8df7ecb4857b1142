// A helper that is silent: one that hangs is told from one that waits for a disk or computes.
#include "knockd/monitor/liveness.h"

#include "knockd/monitor/status.h"
#include "sys/boot.h"
#include "sys/file.h"
#include "tests/unit/sys/helpers.h"

#include <doctest/doctest.h>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace otk;
using Finding = Liveness::Finding;

namespace {

// So many looks at a process in this state, which gives up the processor so often from one to the next; what
// was found, but for `well`.
struct LivenessLooks {
    Liveness liveness;
    std::uint64_t switches = 5;
    std::vector<std::pair<unsigned, Finding>> looks(unsigned many, char state, std::uint64_t each) {
        std::vector<std::pair<unsigned, Finding>> found;
        for (unsigned i = 1; i <= many; ++i) {
            switches += each;
            const Finding finding = liveness.look({state, switches});
            if (finding != Finding::well) found.emplace_back(i, finding);
        }
        return found;
    }
};
using FoundAtLooks = std::vector<std::pair<unsigned, Finding>>;

constexpr unsigned patience = Liveness::patience;

} // namespace

TEST_CASE("liveness: a process that does nothing hangs, whether it sleeps or is stopped") {
    for (const char state : {'S', 'T', 't', 'Z'}) {
        CAPTURE(state);
        LivenessLooks looking;
        CHECK(looking.looks(patience, state, 0).empty()); // the first look sees what it did before
        CHECK(looking.looks(1, state, 0) == FoundAtLooks{{1, Finding::hangs}});
    }
}

TEST_CASE("liveness: whoever is heard does not hang, and begins anew") {
    LivenessLooks looking;
    for (int i = 0; i < 1000; ++i) {
        CHECK(looking.looks(patience, 'S', 0).empty());
        CHECK_FALSE(looking.liveness.heard());
    }
}

TEST_CASE("liveness: one that waits for a disk is told once, and never killed") {
    LivenessLooks looking;
    CHECK(looking.looks(100'000, 'D', 0) == FoundAtLooks{{patience, Finding::silent}});
    CHECK(looking.liveness.silent());
    CHECK(looking.liveness.why().find("disk") != std::string::npos);
    CHECK(looking.liveness.heard());
    CHECK_FALSE(looking.liveness.silent());
    CHECK_FALSE(looking.liveness.heard());
    CHECK(looking.looks(patience, 'D', 0) == FoundAtLooks{{patience, Finding::silent}});
}

TEST_CASE("liveness: one that commits to a slow disk, now waiting and now asleep, is left alone for longer") {
    LivenessLooks looking;
    FoundAtLooks found;
    for (unsigned i = 0; i < Liveness::patience_with_work - 1; ++i) {
        for (const auto& each : looking.looks(1, i % 2 == 0 ? 'D' : 'S', 1))
            found.push_back(each);
    }
    CHECK(found == FoundAtLooks{{1, Finding::silent}});
}

TEST_CASE("liveness: one that computes is told, and killed when it does so without end") {
    LivenessLooks looking;
    const FoundAtLooks found = looking.looks(Liveness::patience_with_work, 'R', 0);
    CHECK(found == FoundAtLooks{{patience, Finding::silent}, {Liveness::patience_with_work, Finding::hangs}});
    CHECK(looking.liveness.why() == "computes");
}

TEST_CASE("liveness: one that hangs after it had worked for a while") {
    LivenessLooks looking;
    CHECK(looking.looks(30, 'R', 7) == FoundAtLooks{{patience, Finding::silent}});
    CHECK(looking.looks(patience, 'S', 0) == FoundAtLooks{{patience, Finding::hangs}});
}

TEST_CASE("liveness: a real process, as the kernel shows it") {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        for (;;)
            ::pause();
    }
    REQUIRE(::kill(child, SIGSTOP) == 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, WUNTRACED) == child);
    const auto state = state_of(child);
    REQUIRE(state);
    CHECK(state->state == 'T');
    CHECK(state->switches > 0);
    Liveness liveness;
    Finding found = Finding::well;
    for (unsigned i = 0; i < patience + 2 && found == Finding::well; ++i)
        found = liveness.look(child);
    CHECK(found == Finding::hangs);
    CHECK(liveness.why() == "is stopped");
    REQUIRE(::kill(child, SIGKILL) == 0);
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK_FALSE(state_of(child));
    CHECK_FALSE(parse_process_state("Name:\tx\n"));
}

TEST_CASE("status file: it says when it was written, by the clock that nobody sets") {
    const test::TemporaryDirectory directory;
    StatusFile file(directory.path() / "status.json");
    const auto before = std::chrono::steady_clock::now().time_since_epoch();
    file.write({});
    const auto after = std::chrono::steady_clock::now().time_since_epoch();
    const auto says = parse_status(read_file(directory.path() / "status.json", 1 << 20).value());
    REQUIRE(says);
    CHECK(says->boot == this_boot());
    REQUIRE(says->written);
    const auto written = std::chrono::milliseconds{*says->written};
    CHECK(written >= std::chrono::floor<std::chrono::milliseconds>(before));
    CHECK(written <= after);
}
