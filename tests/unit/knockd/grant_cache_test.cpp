// Grants as policy.db has them now, whether or not they were read before.

#include "knockd/monitor/grant_cache.h"
#include "tests/unit/knockd/policy_files.h"

#include <doctest/doctest.h>
#include <thread>

using namespace otk;
using namespace otk::test;

TEST_CASE("what was read is kept until somebody changes the file, and no longer") {
    PolicyFiles files;
    GrantCache cache(files.policy);
    const auto first = cache.grant(files.grant);
    REQUIRE(*first);
    CHECK((*first)->user.name == "anna");
    CHECK(cache.grant(files.grant) == first); // not read again
    files.admin.set_user_enabled(files.user, false);
    const auto second = cache.grant(files.grant);
    REQUIRE(*second);
    CHECK_FALSE((*second)->user.enabled);
    CHECK((*first)->user.enabled); // who still holds it is not disturbed
    files.admin.set_user_enabled(files.user, true);
    CHECK((*cache.grant(files.grant))->user.enabled);
}

TEST_CASE("a grant that is not there is none until it is; one that was removed is known as such") {
    PolicyFiles files;
    GrantCache cache(files.policy);
    const GrantId next{static_cast<std::int64_t>(files.grant) + 1};
    CHECK_FALSE(*cache.grant(next));
    CHECK_FALSE(*cache.grant_or_removed(next));
    files.use_command("second", "nobody");
    REQUIRE(files.grant == next);
    CHECK(*cache.grant(next));
    files.admin.remove_grant(next);
    CHECK_FALSE(*cache.grant(next));
    const auto removed = cache.grant_or_removed(next);
    REQUIRE(*removed);
    CHECK((*removed)->command.name == "second");
}

TEST_CASE("in a turn a change is seen within a millisecond, and after it at once") {
    PolicyFiles files;
    GrantCache cache(files.policy);
    {
        const GrantCache::Turn turn(cache);
        const auto first = cache.grant(files.grant);
        REQUIRE(*first);
        files.admin.set_user_enabled(files.user, false);
        std::this_thread::sleep_for(GrantCache::lasts);
        CHECK_FALSE((*cache.grant(files.grant))->user.enabled);
        files.admin.set_user_enabled(files.user, true);
    }
    CHECK((*cache.grant(files.grant))->user.enabled);
    files.admin.set_user_enabled(files.user, false);
    {
        const GrantCache::Turn turn(cache); // a new one knows nothing of the one before
        CHECK_FALSE((*cache.grant(files.grant))->user.enabled);
    }
}

TEST_CASE("what must be read in a turn is of the same file as what was known before") {
    PolicyFiles files;
    const GrantId first = files.grant;
    files.use_command("second", "nobody");
    GrantCache cache(files.policy);
    REQUIRE((*cache.grant(first))->user.enabled);
    const GrantCache::Turn turn(cache);
    REQUIRE((*cache.grant(first))->user.enabled); // known: nothing is read
    files.admin.set_user_enabled(files.user, false);
    CHECK_FALSE((*cache.grant(files.grant))->user.enabled); // not known: it is read
    CHECK_FALSE((*cache.grant(first))->user.enabled);
}
