// What a store knows of chains that were enrolled, and of how their knocks reach the users.
#include "store/policy_store.h"

#include "tests/store/support.h"

#include <doctest/doctest.h>

#include <vector>

using namespace otk;
using namespace otk::test;

namespace {

// A store with the user anna and the command sshd.
struct Enrolling {
    Folder folder;
    PolicyStore store = PolicyStore::create(folder / "policy.db", server_id, ledger_id, "root");
    UserId anna = store.add_user("anna");
    CommandId sshd = store.add_command(command("sshd"));
};

} // namespace

TEST_CASE("a renewal brings how its knocks reach the user, and forgets it where nothing is said") {
    Enrolling policy;
    const GrantId id = policy.store.add_grant(grant(policy.anna, policy.sshd, 1));
    CHECK(policy.store.grant(id)->grant.handover.host.empty());
    CHECK_FALSE(policy.store.grant(id)->grant.handover.made_here.has_value());
    policy.store.renew_grant(id, enrolment(2), chain_id(enrolment(2)), {"192.0.2.1", "words", true});
    CHECK(policy.store.grant(id)->grant.handover.host == "192.0.2.1");
    CHECK(policy.store.grant(id)->grant.handover.form == "words");
    CHECK(policy.store.grant(id)->grant.handover.made_here == true);
    policy.store.renew_grant(id, enrolment(3), chain_id(enrolment(3)));
    CHECK(policy.store.grant(id)->grant.handover.form.empty());
}

TEST_CASE("a public key that was ever enrolled is refused, also after a removal") {
    Enrolling policy;
    const auto with_key = [&](std::uint64_t which) {
        Grant made = grant(policy.anna, policy.sshd, which);
        made.enrolment.public_key.emplace().fill(0xab);
        return made;
    };
    policy.store.remove_grant(policy.store.add_grant(with_key(1)));
    CHECK(policy.store.key_seen(*with_key(1).enrolment.public_key));
    CHECK_FALSE(policy.store.key_seen({}));
    CHECK(error_of([&] { policy.store.add_grant(with_key(2)); }).find("this public key was enrolled") == 0);
    const GrantId id = policy.store.add_grant(grant(policy.anna, policy.sshd, 2));
    const Grant third = with_key(3);
    CHECK(error_of([&] {
              policy.store.renew_grant(id, third.enrolment, third.chain);
          }).find("this public key was enrolled") == 0);
}

TEST_CASE("all chains that were ever enrolled are told, the newest first") {
    Enrolling policy;
    const GrantId id = policy.store.add_grant(grant(policy.anna, policy.sshd, 1));
    policy.store.renew_grant(id, enrolment(2, 7), chain_id(enrolment(2, 7)));
    policy.store.remove_grant(id);
    std::vector<EnrolledChain> told;
    policy.store.each_enrolled(Algorithm::sha256, [&](const EnrolledChain& each) { told.push_back(each); });
    REQUIRE(told.size() == 2);
    CHECK(told[0].chain == chain_id(enrolment(2, 7)));
    CHECK(told[0].length == 7);
    CHECK(told[1].image == enrolment(1).image);
    policy.store.each_enrolled(Algorithm::md5, [](const EnrolledChain&) { FAIL("no chain is of md5"); });
}
